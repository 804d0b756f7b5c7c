"""Which way is better, checked on models of which one is."""

import dataclasses

import numpy as np
import pytest

from alharness.statistics import MEASURES, Metrics, compare, measure, measured, metrics, oriented


def evaluation(sharpness):
    """Metrics of outputs that say the right class with a strength, the worst being wrong."""
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    logits = rng.normal(0, 1, (300, 3))
    logits[np.arange(300), labels] += sharpness
    return metrics(logits.astype(np.float32), labels)


def test_every_metric_is_a_measure():
    members = {field.name for field in dataclasses.fields(Metrics)} - {"class_accuracy"}
    assert set(MEASURES) == members
    assert all(name == one.name for name, one in MEASURES.items())


@pytest.mark.parametrize("name", [*MEASURES, "class_accuracy:0", "class_accuracy:2"])
def test_a_better_model_has_higher_oriented_numbers(name):
    one = measure(name)
    bad, good = (
        oriented(measured(evaluation(sharpness).to_json(), one), one) for sharpness in (-3.0, 3.0)
    )
    assert good > bad


def test_directions_by_definition():
    lower = {name for name, one in MEASURES.items() if not one.higher_is_better}
    assert lower == {"nll", "brier", "calibration_error"}


def test_differences_of_oriented_numbers_are_improvements():
    nll = np.array([[0.5], [0.6], [0.55]])
    less = nll - [[0.1], [0.12], [0.09]]
    one = MEASURES["nll"]
    assert compare(oriented(less, one), oriented(nll, one)).verdict == "better"
    np.testing.assert_array_equal(oriented(oriented(nll, one), one), nll)
    np.testing.assert_array_equal(oriented([0.2, np.nan], MEASURES["accuracy"]), [0.2, np.nan])


def test_accuracy_of_a_class():
    values = np.random.default_rng(0).random((3, 2, 4, 10))
    one = measure("class_accuracy:7")
    assert (one.name, one.class_index, one.unit) == ("class_accuracy:7", 7, "share")
    assert measure("class_accuracy:07") == one
    np.testing.assert_array_equal(measured({"class_accuracy": values}, one), values[..., 7])
    with pytest.raises(ValueError, match=r"class 10 is outside \[0, 10\)"):
        measured({"class_accuracy": values}, measure("class_accuracy:10"))


@pytest.mark.parametrize(
    "name", ["", "f1", "class_accuracy", "class_accuracy:", "class_accuracy:-1", "class_accuracy:²"]
)
def test_unknown_names_list_the_known(name):
    with pytest.raises(ValueError, match=r"no measure is called .* accuracy, .*class_accuracy:K"):
        measure(name)


def test_a_metric_that_is_not_there():
    with pytest.raises(ValueError, match="there is no nll"):
        measured({"accuracy": [0.1]}, MEASURES["nll"])

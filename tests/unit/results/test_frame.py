"""Results as a tidy pandas frame."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import alharness
from alharness import UsageError
from alharness.results.document import numbers
from alharness.results.documents import Documents

DAY = date(2026, 11, 30)
OLD = Path(__file__).parent / "documents" / "digits-quick-0.1.json"
KEY = ["document", "suite", "scenario", "method", "initial_set", "seed", "cycle"]


@pytest.fixture(scope="module")
def document(made_up):
    return made_up.document(methods=3, scenarios=2)


@pytest.fixture
def workspace(tmp_path, document, made_up):
    documents = Documents(tmp_path / "workspace" / "reports")
    documents.write(document)
    documents.write(made_up.document(methods=2, suite="other"))
    return tmp_path / "workspace"


def saved(path, value):
    path.write_text(json.dumps(value))
    return path


def test_a_row_for_each_cycle_of_each_run(tmp_path, document):
    frame = alharness.load_results(saved(tmp_path / "one.json", document.to_json()))
    assert len(frame) == 2 * 3 * 4 * 2 * 4
    assert not frame.duplicated(KEY).any()
    for scenario in document.scenarios:
        for method in scenario.methods:
            rows = frame[(frame.scenario == scenario.scenario) & (frame.method == method.method)]
            at = rows.initial_set, rows.seed, rows.cycle
            np.testing.assert_array_equal(rows.accuracy, numbers(method.accuracy)[at])
            assert dict(zip(rows.cycle, rows.labels, strict=True)) == dict(
                enumerate(scenario.labels)
            )
    assert frame.reference.equals(frame.method == "random")
    assert frame.state.unique().tolist() == ["done"]
    assert frame["hyperparameter:learning-rate"].unique().tolist() == [0.01]
    assert frame.nll.isna().all()
    assert frame.nll.dtype == np.float64


def test_what_it_is_read_from(workspace, document, tmp_path):
    one = alharness.load_results(workspace / "reports" / "made-up.json")
    everything = alharness.load_results(workspace)
    assert set(everything.suite) == {"made-up", "other"}
    listed = saved(tmp_path / "list.json", [document.to_json()])
    for source in (str(listed), listed, [listed, workspace / "reports" / "made-up.json"]):
        assert alharness.load_results(source).equals(one)
    assert alharness.load_results([workspace, listed]).equals(everything)


def test_of_two_documents_of_one_suite_rows_are_told_apart(tmp_path, made_up, document):
    paths = [
        saved(tmp_path / f"{n}.json", one.to_json())
        for n, one in enumerate((document, made_up.document(methods=3, seeds=1)))
    ]
    frame = alharness.load_results(paths)
    assert frame.document.nunique() == 2
    assert not frame.duplicated(KEY).any()


def test_an_old_document_a_missing_run_and_an_outdated_row(tmp_path, made_up):
    old = alharness.load_results(OLD)
    assert old.dataset.isna().all()
    assert old.accuracy.notna().all()
    accuracy = np.full((3, 2, 2), 0.5)
    accuracy[0, 0] = np.nan
    by_class = ((((0.5, None),) * 2,) * 2,) * 3
    scenario = made_up.scenario(["random", "a"], 0, 3, 2, DAY, (10, 20)).model_copy(
        update={
            "methods": (
                made_up.method("random", np.full((3, 2, 2), 0.25)),
                made_up.method("a", accuracy, outdated="gone", class_accuracy=by_class),
            ),
            "overlap": None,
        }
    )
    frame = alharness.load_results(saved(tmp_path / "x.json", made_up.of([scenario]).to_json()))
    assert frame.co_trained.isna().all()
    assert frame.groupby("method").outdated.all().to_dict() == {"a": True, "random": False}
    assert frame.accuracy.isna().sum() == 2
    classes = frame[frame.method == "a"][["class_accuracy:0", "class_accuracy:1"]]
    assert classes.iloc[:, 0].eq(0.5).all()
    assert classes.iloc[:, 1].isna().all()


@pytest.mark.parametrize("content", ["{", "[3]", "{}", '[{"schema": 99, "scenarios": []}]'])
def test_what_is_no_document(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(UsageError, match=r"x\.json"):
        alharness.load_results(tmp_path / "x.json")


def test_nothing_at_all(tmp_path):
    with pytest.raises(UsageError, match="there is no document"):
        alharness.load_results(tmp_path)
    assert alharness.load_results([]).empty

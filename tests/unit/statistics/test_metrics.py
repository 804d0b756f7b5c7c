"""Metrics against scikit-learn, torch and loops that follow the papers' formulas."""

import json
import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn import metrics as sklearn_metrics

from alharness.statistics.metrics import (
    CALIBRATION_BINS,
    KEPT_BYTES,
    auroc,
    calibration_error,
    log_probabilities,
    metrics,
)

N, C = 400, 5


def drawn(seed: int = 0, spread: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Outputs that know something: n images of C classes of different sizes."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(C, N, p=[0.4, 0.3, 0.2, 0.07, 0.03])
    logits = rng.normal(0, spread, (N, C))
    logits[np.arange(N), labels] += spread
    return logits.astype(np.float32), labels


def probabilities(logits: np.ndarray) -> np.ndarray:
    return torch.from_numpy(logits).double().softmax(dim=1).numpy()


@pytest.mark.parametrize("seed", range(3))
def test_they_are_those_of_scikit_learn(seed: int) -> None:
    logits, labels = drawn(seed)
    p, predicted = probabilities(logits), logits.argmax(axis=1)
    found = metrics(logits, labels)
    assert found.accuracy == sklearn_metrics.accuracy_score(labels, predicted)
    expected = sklearn_metrics.balanced_accuracy_score(labels, predicted)
    assert found.balanced_accuracy == pytest.approx(expected, rel=1e-12)
    assert found.nll == pytest.approx(sklearn_metrics.log_loss(labels, p), rel=1e-9)
    area = sklearn_metrics.roc_auc_score(labels, p, multi_class="ovr", average="macro")
    assert found.auroc == pytest.approx(area, rel=1e-12)
    brier = sklearn_metrics.brier_score_loss(labels, p, scale_by_half=False)
    assert found.brier == pytest.approx(brier, rel=1e-9)
    matrix = sklearn_metrics.confusion_matrix(labels, predicted)
    assert found.class_accuracy == pytest.approx(np.diag(matrix) / matrix.sum(axis=1), rel=1e-12)


def test_log_likelihood_is_that_of_torch() -> None:
    logits, labels = drawn(3)
    exact = torch.nn.functional.cross_entropy(
        torch.from_numpy(logits).double(), torch.from_numpy(labels)
    )
    assert metrics(logits, labels).nll == pytest.approx(float(exact), rel=1e-12)


def guo(p: np.ndarray, labels: np.ndarray) -> float:
    """Guo et al. (2017), equation 3 with the bins of section 2, image by image."""
    total = 0.0
    for m in range(1, CALIBRATION_BINS + 1):
        inside = [
            i
            for i in range(len(labels))
            if (m - 1) / CALIBRATION_BINS < p[i].max() <= m / CALIBRATION_BINS
        ]
        if inside:
            accuracy = sum(p[i].argmax() == labels[i] for i in inside) / len(inside)
            confidence = sum(p[i].max() for i in inside) / len(inside)
            total += len(inside) / len(labels) * abs(accuracy - confidence)
    return total


@pytest.mark.parametrize("spread", [0.1, 1.0, 4.0, 40.0])
def test_calibration_error_is_that_of_a_loop_over_the_bins(spread: float) -> None:
    logits, labels = drawn(1, spread)
    expected = guo(probabilities(logits), labels)
    assert metrics(logits, labels).calibration_error == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_bins_hold_their_upper_end() -> None:
    """Guo et al.: B_m is ((m − 1)/M, m/M]."""
    # Both in the bin (4/15, 5/15]: |1 − (1/3 + 0.27)| / 2. Apart it would be (2/3 + 0.27) / 2.
    found = calibration_error(np.array([5 / 15, 0.27]), np.array([True, False]))
    assert found == pytest.approx(abs(1 - (1 / 3 + 0.27)) / 2)
    assert calibration_error(np.array([1.0, 1.0]), np.array([True, True])) == 0


def test_area_counts_pairs_and_halves_ties() -> None:
    """Hanley and McNeil (1982): the Mann–Whitney statistic, pair by pair."""
    rng = np.random.default_rng(0)
    scores, labels = rng.integers(0, 4, (60, 3)).astype(float), rng.integers(0, 3, 60)
    areas = []
    for c in range(3):
        pairs = [(a, b) for a in scores[labels == c, c] for b in scores[labels != c, c]]
        areas.append(sum((a > b) + (a == b) / 2 for a, b in pairs) / len(pairs))
    assert auroc(scores, labels) == pytest.approx(sum(areas) / 3, rel=1e-12)


def test_classes_without_test_images_are_left_out() -> None:
    logits, labels = drawn(2)
    kept = labels != 3
    with_all, without = metrics(logits, labels), metrics(logits[kept], labels[kept])
    assert without.class_accuracy[3] is None
    four = [with_all.class_accuracy[c] for c in (0, 1, 2, 4)]
    assert without.balanced_accuracy == pytest.approx(np.mean(four), rel=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that class 3 is predicted but absent
        expected = sklearn_metrics.balanced_accuracy_score(labels[kept], logits[kept].argmax(1))
    assert without.balanced_accuracy == pytest.approx(expected, rel=1e-12)
    p = probabilities(logits[kept])
    areas = [
        sklearn_metrics.roc_auc_score(labels[kept] == c, p[:, c], average=None)
        for c in (0, 1, 2, 4)
    ]
    assert without.auroc == pytest.approx(np.mean(areas), rel=1e-12)


def test_one_class_has_no_area() -> None:
    logits, _ = drawn()
    assert metrics(logits, np.zeros(N, dtype=np.int64)).auroc is None
    assert metrics(logits[:1], np.array([2])).auroc is None


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_outputs_without_probabilities_have_no_metric_of_them(broken: float) -> None:
    logits, labels = drawn()
    logits[7, 2] = broken
    found = metrics(logits, labels)
    torch_hits = (torch.from_numpy(logits).argmax(dim=1) == torch.from_numpy(labels)).sum()
    assert found.accuracy == int(torch_hits) / N
    assert (found.nll, found.brier, found.calibration_error, found.auroc) == (None,) * 4
    assert None not in found.class_accuracy
    assert json.loads(json.dumps(found.to_json(), allow_nan=False)) == found.to_json()


def test_all_outputs_not_a_number() -> None:
    _, labels = drawn()
    found = metrics(np.full((N, C), np.nan, dtype=np.float32), labels)
    assert found.accuracy == (labels == 0).mean()
    assert found.nll is None


FLOATS = st.floats(width=32, allow_nan=True, allow_infinity=True)
LOGITS = st.tuples(st.integers(1, 12), st.integers(1, 5)).flatmap(
    lambda shape: st.tuples(
        arrays.arrays(np.float32, shape, elements=FLOATS),
        arrays.arrays(np.int64, shape[0], elements=st.integers(0, shape[1] - 1)),
    )
)


@given(LOGITS)
def test_any_outputs_give_numbers_in_their_range(given_arrays: tuple[np.ndarray, ...]) -> None:
    logits, labels = given_arrays
    before = logits.copy()
    found = metrics(logits, labels)
    np.testing.assert_array_equal(logits, before)
    torch_hits = (torch.from_numpy(logits).argmax(dim=1) == torch.from_numpy(labels)).sum()
    assert found.accuracy == int(torch_hits) / len(labels)
    for value, high in [
        (found.balanced_accuracy, 1),
        (found.brier, 2 + 1e-9),
        (found.calibration_error, 1 + 1e-9),
        (found.auroc, 1),
        (found.nll, math.inf),
    ]:
        assert value is None or 0 <= value <= high
    assert (found.nll is None) == (not np.isfinite(logits).all())
    json.dumps(found.to_json(), allow_nan=False)


@given(
    arrays.arrays(
        np.float32, (6, 3), elements=st.integers(-80, 80).map(float) | st.floats(-1, 1, width=32)
    ),
    st.permutations(range(6)),
)
def test_the_order_of_images_means_nothing(logits: np.ndarray, order: list[int]) -> None:
    labels = np.array([0, 1, 2, 0, 1, 2])
    one, other = metrics(logits, labels), metrics(logits[order], labels[order])
    assert one.class_accuracy == other.class_accuracy
    assert (one.accuracy, one.auroc) == (other.accuracy, pytest.approx(other.auroc))
    assert one.nll == pytest.approx(other.nll, rel=1e-12, abs=1e-12)
    assert one.calibration_error == pytest.approx(other.calibration_error, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("shape", "labels", "message"),
    [
        ((3,), [0, 0, 0], "expected"),
        ((3, 2), [0, 0], "expected"),
        ((0, 2), [], "expected"),
        ((3, 2), [0, 1, 2], "outside"),
        ((3, 2), [0, 1, -1], "outside"),
    ],
)
def test_other_shapes_are_refused(shape: tuple[int, ...], labels: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metrics(np.zeros(shape, dtype=np.float32), np.array(labels, dtype=np.int64))


def test_log_probabilities_give_the_metrics_back() -> None:
    logits, labels = drawn()
    kept = log_probabilities(logits)
    assert (kept.dtype, kept.shape) == (np.float16, (N, C))
    exact = torch.from_numpy(logits).double().log_softmax(dim=1).numpy()
    np.testing.assert_allclose(kept, exact, rtol=2**-11, atol=2**-24)
    nll = -kept.astype(np.float64)[np.arange(N), labels].mean()
    assert nll == pytest.approx(metrics(logits, labels).nll, rel=1e-3)


def test_log_probabilities_of_any_outputs() -> None:
    logits = np.array([[0, 3e38], [math.nan, 0], [math.inf, 0], [0, -math.inf]], dtype=np.float32)
    kept = log_probabilities(logits)
    np.testing.assert_array_equal(kept[0], np.array([-65504, 0], dtype=np.float16))
    assert np.isnan(kept[1:]).all()


def test_what_is_kept_without_asking() -> None:
    """CIFAR-100's test images are, ImageNet's validation images are not."""
    assert 10_000 * 100 * 2 <= KEPT_BYTES < 50_000 * 1000 * 2

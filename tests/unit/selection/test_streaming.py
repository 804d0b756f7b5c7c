"""Streaming scores. Independent source: scipy.stats.entropy, float64, everything at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from scipy.stats import entropy as scipy_entropy

from alharness import selection

Score = Callable[..., torch.Tensor]


def in_slices(sampled: np.ndarray, size: int) -> Iterator[tuple[slice, torch.Tensor]]:
    """(T, n, C) as a pool hands it out."""
    for start in range(0, sampled.shape[1], size):
        rows = slice(start, min(start + size, sampled.shape[1]))
        yield rows, torch.from_numpy(sampled[:, rows])


def expected_entropy(sampled: np.ndarray) -> np.ndarray:
    return np.mean([scipy_entropy(p, axis=1) for p in sampled], axis=0)


def predictive_entropy(sampled: np.ndarray) -> np.ndarray:
    return scipy_entropy(sampled.mean(axis=0), axis=1)


def information(sampled: np.ndarray) -> np.ndarray:
    return predictive_entropy(sampled) - expected_entropy(sampled)


REFERENCES = [
    (selection.entropy_of_mean, predictive_entropy),
    (selection.mean_entropy, expected_entropy),
    (selection.mutual_information, information),
]


@pytest.mark.parametrize("alpha", [1.0, 0.01], ids=["spread", "nearly one-hot"])
@pytest.mark.parametrize("size", [1, 8, 50])
@pytest.mark.parametrize(("score", "reference"), REFERENCES)
def test_equals_scipy(
    score: Score, reference: Callable[[np.ndarray], np.ndarray], size: int, alpha: float
) -> None:
    sampled = np.random.default_rng(0).dirichlet(np.full(6, alpha), size=(5, 50))
    result = score(in_slices(sampled, size), 50)
    assert (result.shape, result.dtype) == ((50,), torch.float64)
    np.testing.assert_allclose(result, reference(sampled), rtol=1e-12, atol=1e-14)


def test_float32_is_summed_in_float64() -> None:
    """Information of a millionth of a nat is not lost in rounding, as in float32 it is."""
    p = np.array([0.5 + 1e-3, 0.5 - 1e-3], np.float32)
    sampled = np.stack([np.stack([p, 1 - p])] * 50)[:, :, None, :].reshape(100, 1, 2)
    result = selection.mutual_information(in_slices(sampled, 1), 1)
    np.testing.assert_allclose(result, information(sampled.astype(float)), rtol=1e-5)


@pytest.mark.parametrize("n", [1, 4095, 4097])
def test_entropy_of_rows(n: int) -> None:
    rows = np.random.default_rng(1).dirichlet(np.ones(4), size=n)
    result = selection.entropy(torch.from_numpy(rows))
    np.testing.assert_allclose(result, scipy_entropy(rows, axis=1), rtol=1e-12)


def test_by_hand() -> None:
    """In nats: H(½, ½) = log 2, H(one-hot) = 0 and not NaN (published trap 9)."""
    rows = torch.tensor([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.5, 0.25, 0.25]])
    assert selection.entropy(rows).tolist() == pytest.approx(
        [math.log(2), 0.0, 1.5 * math.log(2)], abs=1e-15
    )
    # Two passes. Sure of opposite classes; both undecided; one sure, one undecided.
    sampled = np.array([[[1, 0], [0.5, 0.5], [1, 0]], [[0, 1], [0.5, 0.5], [0.5, 0.5]]])
    log2, quarter = math.log(2), 2 * math.log(2) - 0.75 * math.log(3)
    for score, by_hand in [
        (selection.entropy_of_mean, [log2, log2, quarter]),
        (selection.mean_entropy, [0, log2, log2 / 2]),
        (selection.mutual_information, [log2, 0, quarter - log2 / 2]),
    ]:
        assert score(in_slices(sampled, 2), 3).tolist() == pytest.approx(by_hand, abs=1e-15)


def test_passes_that_agree_have_no_information() -> None:
    """No more than rounding in float64, however uncertain they are; never negative."""
    p = np.random.default_rng(2).dirichlet(np.ones(10), size=200).astype(np.float32)
    sampled = np.broadcast_to(p, (25, 200, 10)).copy()
    result = selection.mutual_information(in_slices(sampled, 64), 200)
    assert result.min() >= 0
    assert result.max() < 1e-14


def test_rows_without_a_slice_are_nan() -> None:
    first, _ = in_slices(np.full((2, 6, 2), 0.5), 3)
    assert selection.entropy_of_mean([first], 6).isnan().tolist() == [False] * 3 + [True] * 3

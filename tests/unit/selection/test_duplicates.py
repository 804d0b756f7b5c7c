"""Points that are there more than once, against a comparison of all pairs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from alharness.selection import greedy_k_center, greedy_k_center_reference
from alharness.selection.distances import Points
from alharness.selection.duplicates import repeated_points


@settings(deadline=None, max_examples=60)
@given(
    n=st.integers(1, 40),
    n_labeled=st.integers(0, 20),
    n_kinds=st.integers(1, 30),
    width=st.sampled_from([1, 3, 40]),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_comparing_all_pairs(
    n: int, n_labeled: int, n_kinds: int, width: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    kinds = rng.permuted(rng.integers(-1, 2, size=(n_kinds, width)), axis=1) * 0.1
    rows = kinds[rng.integers(n_kinds, size=n_labeled + n)].astype(np.float32)
    rows *= rng.choice([-1, 1], size=(len(rows), 1))  # some zeros become negative
    points = Points(torch.from_numpy(rows[:n_labeled]), torch.from_numpy(rows[n_labeled:]))
    expected = [any((rows[i] == rows[j]).all() for j in range(i)) for i in range(len(rows))]
    assert repeated_points(points).tolist() == expected


def test_rows_of_one_norm_are_told_apart() -> None:
    rows = torch.eye(50)
    assert not repeated_points(Points(rows[:20], rows[20:])).any()


@pytest.mark.parametrize("budget", [1, 15, 40, 60])
@pytest.mark.parametrize("n_labeled", [0, 5])
def test_repetitions_that_stay_hidden_change_no_pick(
    monkeypatch: pytest.MonkeyPatch, budget: int, n_labeled: int
) -> None:
    """Were equal points given different norms, it would cost time alone."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((30, 8))[rng.integers(30, size=65)].astype(np.float32)
    labeled, unlabeled = torch.from_numpy(rows[:n_labeled]), torch.from_numpy(rows[5:])
    original = repeated_points

    def every_second(points: Points) -> np.ndarray:
        return original(points) & (np.arange(n_labeled + 60) % 2 == 0)

    monkeypatch.setattr("alharness.selection.k_center.repeated_points", every_second)
    picks = greedy_k_center(unlabeled, labeled, budget)
    assert picks.tolist() == greedy_k_center_reference(unlabeled, labeled, budget).tolist()

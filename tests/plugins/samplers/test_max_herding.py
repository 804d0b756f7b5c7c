"""MaxHerding. Independent source: naive greedy in float64 on the matrix of all pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import cdist


def naive_gains(
    unlabeled: np.ndarray, labeled: np.ndarray, picks: list[int], width: float
) -> tuple[np.ndarray, np.ndarray]:
    """What each pick gained when it was made, and the most that any row would have.

    Over labeled and unlabeled rows together, as the paper's mean is.
    """
    rows = np.concatenate([labeled, unlabeled]).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    similar = np.exp(-cdist(rows, rows, "sqeuclidean") / width**2)
    m = len(labeled)
    nearest = similar[:, :m].max(axis=1, initial=0)
    gained, most = [], []
    for pick in picks:
        gains = np.maximum(similar[m:] - nearest, 0).mean(axis=1)
        gained.append(gains[pick])
        most.append(gains.max())
        nearest = np.maximum(nearest, similar[m + pick])
    return np.array(gained), np.array(most)


@pytest.mark.parametrize("n_labeled", [0, 1, 30])
@pytest.mark.parametrize("width", [0.3, 1.0, 3.0])
def test_every_pick_is_naive_greedys(
    create: Any, feature_pool: Any, blobs: Any, n_labeled: int, width: float
) -> None:
    """Up to gains that are equal in float32."""
    rows, _ = blobs(np.random.default_rng(0), [90, 60, 50 + n_labeled])
    labeled, unlabeled = rows[:n_labeled], rows[n_labeled:]
    sampler = create("sampler", "max-herding", width=width)
    picks = sampler.query(feature_pool(unlabeled, labeled), 25, np.random.default_rng(0)).tolist()
    gained, most = naive_gains(unlabeled, labeled, picks, width)
    assert np.allclose(gained, most, rtol=1e-5)
    assert (np.diff(gained) <= 1e-9).all()
    assert len(set(picks)) == 25


@pytest.mark.parametrize("budget", [1, 5, 40])
def test_no_point_twice_with_duplicates(create: Any, feature_pool: Any, budget: int) -> None:
    rng = np.random.default_rng(3)
    of = rng.integers(6, size=50)
    rows = rng.standard_normal((6, 5))[of]
    sampler = create("sampler", "max-herding")
    picks = sampler.query(feature_pool(rows[10:], rows[:2]), budget, rng)
    assert len(set(picks.tolist())) == budget
    if budget == 5:
        assert len({*of[:2], *of[10:][picks]}) >= 5


def test_it_needs_a_model_for_its_features_alone(create: Any) -> None:
    needs = create("sampler", "max-herding").needs
    assert (needs.representation, needs.model) == ("scenario", False)
    assert create("sampler", "max-herding", representation="task-model").needs.model

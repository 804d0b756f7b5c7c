"""Coreset. Traps: index spaces, a distance with an epsilon, normalized features."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from alharness_plugins.coreset import Coreset
from scipy.spatial.distance import cdist


def by_definition(unlabeled: np.ndarray, labeled: np.ndarray, budget: int) -> list[int]:
    """Farthest-first by scipy's distances: the independent source."""
    picks: list[int] = []
    for _ in range(budget):
        centers = np.concatenate([labeled, unlabeled[picks]])
        picks.append(int(cdist(unlabeled, centers, "sqeuclidean").min(axis=1).argmax()))
    return picks


def test_equals_the_definition(array_pool: Any) -> None:
    rng = np.random.default_rng(0)
    rows = rng.gamma(1.0, size=(330, 24)).astype(np.float32)
    # Labeled rows are scattered through the dataset: positions differ from indices.
    order = rng.permutation(330)
    labeled, unlabeled = rows[order[:30]], rows[order[30:]]
    pool = array_pool(300, embeddings=unlabeled, labeled_embeddings=labeled)
    picks = Coreset().query(pool, 60, rng)
    assert picks.tolist() == by_definition(unlabeled, labeled, 60)


def test_features_are_not_normalized(array_pool: Any) -> None:
    pool = array_pool(
        2, embeddings=np.array([[100.0, 0.0], [0.0, 1.0]]), labeled_embeddings=np.array([[1.0, 0]])
    )
    assert Coreset().query(pool, 1, np.random.default_rng(0)).tolist() == [0]


@pytest.mark.parametrize("budget", [1, 12, 60])
def test_no_point_twice_with_duplicates_in_the_data(array_pool: Any, budget: int) -> None:
    """Published trap 14."""
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((10, 4))[rng.integers(10, size=60)]
    pool = array_pool(60, embeddings=rows, labeled_embeddings=rows[:1])
    picks = Coreset().query(pool, budget, rng)
    assert sorted(set(picks.tolist())) == sorted(picks.tolist())
    n_new = min(budget, len(np.unique(rows, axis=0)) - 1)
    assert len(np.unique(np.concatenate([rows[:1], rows[picks]]), axis=0)) == n_new + 1

"""Coreset. Traps: index spaces, a distance with an epsilon, normalized features."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from alharness_plugins.samplers.coreset import Coreset
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


def by_direct_differences(unlabeled: np.ndarray, labeled: np.ndarray, budget: int) -> list[int]:
    """Greedy k-center in float64, one row after the other; ties to the lowest position, no
    row twice: the independent source where rows coincide.
    """
    rows, centers, picks = unlabeled.astype(np.float64), labeled.astype(np.float64), []
    for _ in range(budget):
        best, farthest = -1, -np.inf
        for position, row in enumerate(rows):
            nearest = ((row - centers) ** 2).sum(axis=1).min()
            if position not in picks and nearest > farthest:
                best, farthest = position, nearest
        picks.append(best)
        centers = np.concatenate([centers, rows[[best]]])
    return picks


def ties(rng: np.random.Generator) -> np.ndarray:
    """Corners of a cube, again and again: most distances are equal, and sums are exact."""
    return rng.integers(0, 2, size=(200, 6))


def duplicates(rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((30, 12))[rng.integers(30, size=200)]


def far_from_the_origin(rng: np.random.Generator) -> np.ndarray:
    """|a|² + |b|² - 2ab in float32 has no digits left: rounding would choose."""
    return 1000 + rng.standard_normal((200, 12))


@pytest.mark.parametrize("kind", [ties, duplicates, far_from_the_origin])
@pytest.mark.parametrize("seed", range(3))
def test_equals_greedy_by_direct_differences(array_pool: Any, kind: Any, seed: int) -> None:
    """As it comes and with rows shuffled; published traps: positions for indices, distances
    with an epsilon that keep what was picked eligible.
    """
    rng = np.random.default_rng(seed)
    rows = kind(rng).astype(np.float32)
    for order in (np.arange(200), rng.permutation(200)):
        labeled, unlabeled = rows[order[:10]], rows[order[10:]]
        pool = array_pool(190, embeddings=unlabeled, labeled_embeddings=labeled)
        picks = Coreset().query(pool, 60, rng)
        assert picks.tolist() == by_direct_differences(unlabeled, labeled, 60)


def test_shuffled_rows_have_the_same_images_picked(array_pool: Any) -> None:
    rng = np.random.default_rng(4)
    rows, labeled = rng.standard_normal((80, 8)), rng.standard_normal((9, 8))
    pool = array_pool(80, embeddings=rows, labeled_embeddings=labeled)
    picks = Coreset().query(pool, 30, rng)
    order, other = rng.permutation(80), rng.permutation(9)
    shuffled = array_pool(80, embeddings=rows[order], labeled_embeddings=labeled[other])
    assert order[Coreset().query(shuffled, 30, rng)].tolist() == picks.tolist()


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

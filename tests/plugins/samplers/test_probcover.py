"""ProbCover. Independent source: greedy cover on the boolean matrix of all pairs, by scipy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from alharness import selection


def unit(rows: np.ndarray) -> np.ndarray:
    rows = np.asarray(rows, dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def on_the_whole_matrix(
    unlabeled: np.ndarray, labeled: np.ndarray, delta: float, budget: int, chance: np.ndarray
) -> list[int]:
    """Picks until everything is covered; degrees are counted anew each time."""
    near = cdist(unlabeled.astype(np.float64), unlabeled.astype(np.float64)) < delta
    left = np.ones(len(unlabeled), dtype=bool)
    if len(labeled):
        to_labeled = cdist(unlabeled.astype(np.float64), labeled.astype(np.float64))
        left = (to_labeled >= delta).all(axis=1)
    picks: list[int] = []
    while len(picks) < budget and left.any():
        degrees = (near & left).sum(axis=1)
        picks.append(max(range(len(unlabeled)), key=lambda row: (degrees[row], chance[row])))
        left &= ~near[picks[-1]]
    return picks


@pytest.mark.parametrize("width", [2, 24], ids=["dense", "sparse"])
@pytest.mark.parametrize("n_labeled", [0, 1, 40])
@pytest.mark.parametrize("delta", [0.05, 0.3, 0.7, 1.0, 1.9])
def test_equals_the_whole_matrix(
    create: Any, feature_pool: Any, blobs: Any, width: int, n_labeled: int, delta: float
) -> None:
    """1 237 rows: more than a block has, and no multiple of anything (published trap 12). In two
    dimensions neighbors are too many to be kept."""
    rows, _ = blobs(np.random.default_rng(0), [600, 200, 400, 37], width=width, apart=2)
    rows[500:600] = rows[:100]
    labeled, unlabeled = rows[:n_labeled], rows[n_labeled:]
    sampler = create("sampler", "probcover", delta=delta)
    rng = np.random.default_rng(1)
    picks = sampler.query(feature_pool(unlabeled, labeled), 50, rng)
    chance = np.random.default_rng(1).permutation(len(unlabeled))
    expected = on_the_whole_matrix(unit(unlabeled), unit(labeled), delta, 50, chance)
    assert picks[: len(expected)].tolist() == expected
    assert len(set(picks.tolist())) == 50
    assert sampler.notes["filled"] == 50 - len(expected)
    assert (sampler.notes["covered"] == 1) == (len(expected) < 50)


def test_graphs_are_kept_where_they_are_sparse(blobs: Any) -> None:
    """What the test above relies on."""
    rows, _ = blobs(np.random.default_rng(0), [600, 600], width=24)
    rows = torch.from_numpy(unit(rows))
    assert selection.Coverage(rows, rows[:0], 0.05)._graph is not None
    assert selection.Coverage(rows, rows[:0], 1.9)._graph is None


def test_distances_at_the_radius_are_outside() -> None:
    """Exact where float32 products are not: distances of 1, of hardly less, and of nearly 2."""
    rows = torch.full((3, 100), 7.0)
    rows[1, 0], rows[2, 0] = 8, 6.000001
    coverage = selection.Coverage(rows, rows[:0], 1.0)
    assert coverage.degrees.tolist() == [2, 1, 2]


@pytest.mark.parametrize("budget", [1, 9, 60])
def test_after_full_coverage_the_rest_is_drawn(
    create: Any, feature_pool: Any, blobs: Any, budget: int
) -> None:
    """Published trap 12: one labeled image is returned again and again."""
    rng = np.random.default_rng(2)
    rows, _ = blobs(rng, [60, 10], apart=40)
    pool = feature_pool(rows[10:], rows[:10])
    answers = []
    for seed in range(3):
        sampler = create("sampler", "probcover", delta=2.0)
        answers.append(sampler.query(pool, budget, np.random.default_rng(seed)).tolist())
        assert sampler.notes == {"delta": 2.0, "covered": 1.0, "filled": budget}
        assert len(set(answers[-1])) == budget
    assert budget == 60 or answers[0] != answers[1] or answers[1] != answers[2]


@pytest.mark.parametrize("budget", [1, 5, 40])
def test_no_point_twice_with_duplicates(create: Any, feature_pool: Any, budget: int) -> None:
    rng = np.random.default_rng(3)
    of = rng.integers(8, size=50)
    rows = rng.standard_normal((8, 5))[of]
    sampler = create("sampler", "probcover", delta=0.1)
    picks = sampler.query(feature_pool(rows[10:], rows[:10]), budget, rng)
    assert len(set(picks.tolist())) == budget
    new = set(of[10:]) - set(of[:10])
    assert sampler.notes["filled"] == budget - min(budget, len(new))


def purity(rows: np.ndarray, labels: np.ndarray, delta: float) -> float:
    near = cdist(rows, rows) < delta
    alike = labels[:, None] == labels
    return float((alike | ~near).all(axis=1).mean())


@pytest.mark.parametrize("wanted", [0.8, 0.95, 1.0])
@pytest.mark.parametrize("apart", [0.5, 2.0, 20.0])
def test_delta_is_the_largest_radius_that_is_pure(blobs: Any, apart: float, wanted: float) -> None:
    """By all pairs, at δ and just above it; more rows than a block has."""
    rows, _ = blobs(np.random.default_rng(4), [900, 301, 60], apart=apart)
    rows = unit(rows)
    found = selection.pure_radius(torch.from_numpy(rows), 3, np.random.default_rng(0), wanted)
    labels = selection.k_means(torch.from_numpy(rows), 3, np.random.default_rng(0)).labels
    rows = rows.astype(np.float64)
    assert purity(rows, labels, found - 1e-5) >= wanted > purity(rows, labels, found + 1e-5)


def test_one_cluster_is_pure_at_any_radius() -> None:
    rows = torch.from_numpy(unit(np.ones((30, 4))))
    assert selection.pure_radius(rows, 1, np.random.default_rng(0)) == 2.0


def test_delta_is_found_once_in_a_run(create: Any, feature_pool: Any, blobs: Any) -> None:
    rows, _ = blobs(np.random.default_rng(5), [50, 50, 50])
    first = create("sampler", "probcover")
    first.query(feature_pool(rows[10:], rows[:10]), 5, np.random.default_rng(0))
    assert float(first.stored["delta"]) == first.notes["delta"] > 0
    later = create("sampler", "probcover")
    pool = feature_pool(rows[20:], rows[:20], stored={"delta": np.array(0.25)})
    later.query(pool, 5, np.random.default_rng(0))
    assert later.notes["delta"] == float(later.stored["delta"]) == 0.25
    for parameters in ({"delta": 0.5}, {"representation": "task-model"}):
        other = create("sampler", "probcover", **parameters)
        other.query(feature_pool(rows[10:], rows[:10]), 5, np.random.default_rng(0))
        assert not other.stored


@pytest.mark.parametrize("width", [2, 24])
def test_labeled_rows_may_have_radii_of_their_own(blobs: Any, width: int) -> None:
    """As adaptive radii need: covered by any labeled row's ball, degrees by the picks' radius."""
    rng = np.random.default_rng(6)
    rows, _ = blobs(rng, [300, 200], width=width, apart=2)
    rows = unit(rows)
    labeled, unlabeled = rows[:30], rows[30:]
    radii = rng.uniform(0.05, 0.8, size=30)
    found = selection.Coverage(torch.from_numpy(unlabeled), torch.from_numpy(labeled), 0.4, radii)
    near = cdist(unlabeled.astype(np.float64), labeled.astype(np.float64)) < radii
    assert found.covered.tolist() == near.any(axis=1).tolist()
    within = cdist(unlabeled.astype(np.float64), unlabeled.astype(np.float64)) < 0.4
    assert found.degrees.tolist() == (within & ~found.covered).sum(axis=1).tolist()

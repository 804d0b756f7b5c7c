"""TypiClust. Independent sources: brute-force neighbors by scipy, clusters by scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from alharness import selection


def brute_force(rows: np.ndarray, neighbors: int) -> np.ndarray:
    """Sorted distances in float64; the first of each row is the row itself."""
    k = min(neighbors, len(rows) // 2)
    return 1 / (np.sort(cdist(rows, rows, "sqeuclidean"))[:, 1 : k + 1].mean(axis=1) + 1e-5)


@pytest.mark.parametrize("n", [2, 3, 39, 41, 300, 4100])
def test_typicality_equals_brute_force(n: int) -> None:
    """More rows than a block has, fewer than twice the neighbors, and duplicates."""
    rng = np.random.default_rng(n)
    rows = rng.standard_normal((n, 6)).astype(np.float32)
    rows[: n // 3] = rows[n - n // 3 :]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = selection.typicality(torch.from_numpy(rows), 20)
    assert np.allclose(found, brute_force(rows.astype(np.float64), 20), rtol=1e-2)
    apart = torch.from_numpy(rows[n // 3 :])
    expected = brute_force(rows[n // 3 :].astype(np.float64), 20) if len(apart) > 1 else [1e5]
    assert np.allclose(selection.typicality(apart, 20), expected, rtol=1e-4)


def test_a_row_alone_is_typical() -> None:
    assert selection.typicality(torch.ones(1, 3)).tolist() == pytest.approx([1e5])


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def by_definition(
    rows: np.ndarray, of: np.ndarray, n_labeled: int, budget: int, small: int
) -> list[int]:
    """Turns of clusters, every one's neighbors sorted anew each time, on a list of members."""
    clusters = [c for c in np.unique(of) if (of == c).sum() > small]
    clusters.sort(key=lambda c: ((of[:n_labeled] == c).sum(), -(of == c).sum()))
    members = {c: [i for i in range(n_labeled, len(of)) if of[i] == c] for c in clusters}
    picks: list[int] = []
    turn = 0
    while len(picks) < budget:
        cluster = clusters[turn % len(clusters)]
        turn += 1
        if members[cluster]:
            score = (
                brute_force(rows[members[cluster]], 20) if len(members[cluster]) > 1 else np.ones(1)
            )
            picks.append(members[cluster].pop(int(score.argmax())))
    return [pick - n_labeled for pick in picks]


@pytest.mark.parametrize("budget", [1, 4, 8])
def test_equals_the_definition_on_blobs(
    create: Any, feature_pool: Any, blobs: Any, budget: int
) -> None:
    """Blobs so far apart that every k-means finds them; as many as there are clusters."""
    rng = np.random.default_rng(budget)
    rows, of = blobs(rng, [40, 31, 22, 50, 7, 18, 25, 33], apart=60)
    n_labeled = 8 - budget
    picks = create("sampler", "typiclust").query(
        feature_pool(rows[n_labeled:], rows[:n_labeled]), budget, rng
    )
    assert picks.tolist() == by_definition(unit(rows), of, n_labeled, budget, small=5)


@pytest.mark.parametrize("budget", [12, 60, 90])
def test_clusters_are_exhausted(create: Any, feature_pool: Any, blobs: Any, budget: int) -> None:
    """Published trap 11: a cluster that is asked once more than it has images ends it."""
    rng = np.random.default_rng(3)
    rows, of = blobs(rng, [60, 20, 8, 9], apart=60)
    sampler = create("sampler", "typiclust", max_clusters=4)
    picks = sampler.query(feature_pool(rows[4:], rows[:4]), budget, rng)
    assert picks.tolist() == by_definition(unit(rows), of, 4, budget, small=5)


def test_small_clusters_come_last(create: Any, feature_pool: Any, blobs: Any) -> None:
    rng = np.random.default_rng(0)
    rows, of = blobs(rng, [20, 3, 30, 5], apart=60)
    sampler = create("sampler", "typiclust", max_clusters=4)
    picks = sampler.query(feature_pool(rows), 58, rng)
    assert set(of[picks[:50]]) == {0, 2}
    assert of[picks[50:]].tolist() == [3, 1] * 3 + [3, 3]
    every = create("sampler", "typiclust", max_clusters=4, small=0).query(
        feature_pool(rows), 4, rng
    )
    assert of[every].tolist() == [2, 0, 3, 1]


@pytest.mark.parametrize("kind", ["alike", "few"])
@pytest.mark.parametrize("budget", [1, 3, 30, 50])
def test_empty_clusters_of_duplicates(
    create: Any, feature_pool: Any, kind: str, budget: int
) -> None:
    """Published trap 11: more clusters than different images."""
    rng = np.random.default_rng(5)
    different = rng.standard_normal((1 if kind == "alike" else 6, 4))
    rows = different[rng.integers(len(different), size=60)]
    sampler = create("sampler", "typiclust")
    picks = sampler.query(feature_pool(rows[10:], rows[:10]), budget, rng)
    assert len(set(picks.tolist())) == budget


def test_lengths_do_not_matter(create: Any, feature_pool: Any, blobs: Any) -> None:
    rng = np.random.default_rng(7)
    rows, _ = blobs(rng, [50, 50, 50])
    longer = rows * rng.integers(1, 4, size=(150, 1))
    answers = [
        create("sampler", "typiclust").query(feature_pool(one), 3, np.random.default_rng(0))
        for one in (rows, longer)
    ]
    assert answers[0].tolist() == answers[1].tolist()


def test_it_needs_a_model_for_its_features_alone(create: Any) -> None:
    assert not create("sampler", "typiclust").needs.model
    assert create("sampler", "typiclust").needs.representation == "scenario"
    assert create("sampler", "typiclust", representation="task-model").needs.model

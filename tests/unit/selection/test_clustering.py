"""k-means. Independent sources: scikit-learn's, and D² sampling by enumeration."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.stats import chisquare
from sklearn.cluster import KMeans

from alharness import HarnessError, selection
from alharness.selection.clustering import _seeds


def blobs(rng: np.random.Generator, n: int, k: int, width: int = 8) -> np.ndarray:
    middles = 3 * rng.standard_normal((k, width))
    return (middles[rng.integers(k, size=n)] + rng.standard_normal((n, width))).astype(np.float32)


@pytest.mark.parametrize("far", [0.0, 1000.0], ids=["near the origin", "far from it"])
@pytest.mark.parametrize(("n", "k"), [(50, 3), (400, 12), (5000, 40)])
def test_equals_scikit_learn_from_the_same_seeds(n: int, k: int, far: float) -> None:
    rows = blobs(np.random.default_rng(n), n, k) + np.float32(far)
    found = selection.k_means(torch.from_numpy(rows), k, np.random.default_rng(1))
    moved = torch.from_numpy(rows) - torch.from_numpy(rows).mean(dim=0)
    seeds = rows[_seeds(moved, k, np.random.default_rng(1))]
    expected = KMeans(k, init=seeds.astype(np.float64), n_init=1).fit(rows.astype(np.float64))
    assert found.labels.tolist() == expected.labels_.tolist()
    assert np.allclose(found.centers, expected.cluster_centers_, atol=1e-3)
    assert found.sizes.tolist() == np.bincount(expected.labels_, minlength=k).tolist()


def test_seeds_are_drawn_by_squared_distances() -> None:
    """All orders of three of five rows, whose candidates are drawn two at a time."""
    rows = np.array([[0.0], [1.0], [1.5], [4.0], [9.0]], dtype=np.float32)
    squared = cdist(rows, rows, "sqeuclidean")
    chances = {}
    for first in range(5):
        for second in range(5):
            for third in range(5):
                nearest = squared[[first, second]].min(axis=0)
                share = squared[first, second] / squared[first].sum()
                chance = nearest[third] / nearest.sum() * share / 5 if share else 0.0
                if chance:
                    chances[first, second, third] = chance
    rng, draws = np.random.default_rng(0), 4_000
    seen = dict.fromkeys(chances, 0)
    for _ in range(draws):
        seen[tuple(_seeds(torch.from_numpy(rows), 3, rng).tolist())] += 1
    assert sum(chances.values()) == pytest.approx(1)
    expected = draws * np.array(list(chances.values()))
    likely = expected > 5
    observed = np.append(np.array(list(seen.values()))[likely], draws)
    observed[-1] -= observed[:-1].sum()
    expected = np.append(expected[likely], draws - expected[likely].sum())
    assert chisquare(observed, expected).pvalue > 0.001


def test_one_center_in_each_blob() -> None:
    rng = np.random.default_rng(0)
    rows = np.repeat(100 * np.eye(6), 20, axis=0) + rng.standard_normal((120, 6))
    rows = torch.from_numpy(rows.astype(np.float32))
    found = selection.k_means(rows, 6, rng)
    picks = selection.nearest_to_centers(rows, found)
    assert sorted(picks // 20) == list(range(6))


@pytest.mark.parametrize("n", [1, 2, 7, 64, 2049])
@pytest.mark.parametrize("kind", ["different", "alike", "few"])
def test_any_number_of_rows_and_clusters(n: int, kind: str) -> None:
    """More clusters than rows, than different rows, and rows that are all one."""
    rng = np.random.default_rng(0)
    rows = blobs(rng, n, 3) + 100
    rows = {
        "different": rows,
        "alike": rows[[0] * n],
        "few": rows[rng.integers(min(n, 5), size=n)],
    }[kind]
    rows = torch.from_numpy(rows)
    for k in (1, 5, n, 2 * n):
        found = selection.k_means(rows, min(k, 90), rng)
        assert found.labels.shape == (n,)
        assert 0 <= found.labels.min() <= found.labels.max() < len(found.centers) <= k
        assert torch.isfinite(found.centers).all()
        picks = selection.nearest_to_centers(rows, found)
        assert len(picks) == len(np.unique(picks)) == np.count_nonzero(found.sizes)


def test_an_empty_cluster_has_no_row() -> None:
    rows = torch.tensor([[0.0, 0.0], [1.0, 0.0], [9.0, 0.0]])
    clusters = selection.Clusters(np.array([2, 2, 0]), torch.tensor([[9.0, 0], [5, 5], [0.4, 0]]))
    assert selection.nearest_to_centers(rows, clusters).tolist() == [2, 0]


def test_the_nearest_row_by_differences() -> None:
    rng = np.random.default_rng(3)
    rows = blobs(rng, 300, 5)
    found = selection.k_means(torch.from_numpy(rows), 20, rng)
    distance = cdist(rows, found.centers.numpy())[np.arange(300), found.labels]
    expected = [
        min(np.flatnonzero(found.labels == cluster), key=distance.__getitem__)
        for cluster in range(20)
        if (found.labels == cluster).any()
    ]
    assert selection.nearest_to_centers(torch.from_numpy(rows), found).tolist() == expected


def test_the_same_generator_gives_the_same() -> None:
    rows = torch.from_numpy(blobs(np.random.default_rng(0), 500, 9))
    first, second = (selection.k_means(rows, 30, np.random.default_rng(5)) for _ in range(2))
    assert first.labels.tolist() == second.labels.tolist()
    assert torch.equal(first.centers, second.centers)
    other = selection.k_means(rows, 30, np.random.default_rng(6))
    assert other.labels.tolist() != first.labels.tolist()


@pytest.mark.parametrize(
    ("rows", "k", "what"),
    [
        (torch.zeros(3, 2).double(), 1, "float64"),
        (torch.zeros(3), 1, r"shape \(3,\)"),
        (torch.zeros(0, 2), 1, r"shape \(0, 2\)"),
        (torch.tensor([[torch.nan]]), 1, "NaN"),
        (torch.zeros(3, 2), 0, "0 clusters"),
    ],
)
def test_other_input_is_refused(rows: torch.Tensor, k: int, what: str) -> None:
    with pytest.raises(HarnessError, match=what):
        selection.k_means(rows, k, np.random.default_rng(0))

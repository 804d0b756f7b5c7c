"""Cluster-Margin. Traps: clusters made anew in each cycle, or kept by position; a loop without end
where fewer points than the budget remain; the largest clusters first.

Independent sources: orders by hand, rounds in plain loops, scipy's average linkage.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.cluster_margin import ClusterMargin, ClusterMarginParameters
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.stats import chisquare

from alharness import selection
from alharness.testing.pools import Pools


def sampler(**parameters: Any) -> ClusterMargin:
    return ClusterMargin(**{**ClusterMarginParameters().model_dump(), **parameters})


class ClusteredPool:
    """Unlabeled images with features, margins, numbers, and what was stored; nothing else."""

    def __init__(self, rows: Any, margins: Any, numbers: Any, stored: Any = None) -> None:
        self._rows = torch.as_tensor(np.asarray(rows), dtype=torch.float32)
        self._margins = np.asarray(margins)
        self._numbers = torch.as_tensor(np.asarray(numbers))
        self._stored = stored or {}
        self.n_unlabeled = len(self._rows)

    def embeddings(self) -> torch.Tensor:
        return self._rows.clone()

    def probabilities(self) -> torch.Tensor:
        p = np.stack([0.5 + self._margins / 2, 0.5 - self._margins / 2], axis=1)
        return torch.tensor(p, dtype=torch.float32)

    def numbers(self) -> torch.Tensor:
        return self._numbers.clone()

    def stored(self) -> dict[str, np.ndarray]:
        return {name: np.asarray(array).copy() for name, array in self._stored.items()}


def test_an_order_by_hand() -> None:
    """Three blobs; of the eight smallest margins they have 1, 2 and 5: the small ones come first,
    one from each in every round."""
    blobs = np.array([0, 1, 1, 2, 2, 2, 2, 2, 0, 0, 0, 1])
    rows = 100.0 * np.eye(3)[blobs] + np.random.default_rng(0).normal(size=(12, 3))
    margins = np.array([0.1, 0.11, 0.12, 0.2, 0.2, 0.3, 0.3, 0.3, 0.9, 0.8, 0.7, 0.6])
    one = sampler(candidates=8 / 6, mean_size=4)
    for seed in range(20):
        pool = ClusteredPool(rows, margins, np.arange(12) + 50)
        picks = one.query(pool, 6, np.random.default_rng(seed))
        assert blobs[picks].tolist() == [0, 1, 2, 1, 2, 2]
        assert picks[0] == 0
        assert {int(picks[1]), int(picks[3])} == {1, 2}
        assert set(picks.tolist()) <= set(range(8))


def in_plain_loops(groups: np.ndarray, budget: int) -> list[int]:
    """The groups in the order in which rounds give a member, sizes being all different."""
    left, order = Counter(groups.tolist()), []
    ascending = sorted(left, key=lambda group: left[group])
    while len(order) < budget:
        for group in ascending:
            if left[group] and len(order) < budget:
                left[group] -= 1
                order.append(group)
    return order


@pytest.mark.parametrize("budget", [1, 5, 17, 28])
def test_rounds(budget: int) -> None:
    groups = np.random.default_rng(0).permutation(np.repeat([7, 3, 9, 1, 4, 2, 8], range(1, 8)))
    picks = selection.round_robin(groups, budget, np.random.default_rng(1))
    assert len(set(picks.tolist())) == budget
    assert groups[picks].tolist() == in_plain_loops(groups, budget)


def test_members_and_equal_groups_are_drawn() -> None:
    groups = np.repeat([0, 1, 2], 4)
    picks = [
        selection.round_robin(groups, 1, np.random.default_rng(seed))[0] for seed in range(1200)
    ]
    assert chisquare(np.bincount(picks, minlength=12)).pvalue > 1e-3


def test_clusters_are_those_of_average_linkage() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 4)).astype(np.float32)
    clusters = selection.agglomerated(torch.from_numpy(rows), rng, sample=60, mean_size=3)
    expected = fcluster(linkage(rows.astype(np.float64), "average"), 20, criterion="maxclust") - 1
    assert clusters.tolist() == expected.tolist()


def test_what_is_not_in_the_sample_joins_the_nearest_cluster() -> None:
    rng = np.random.default_rng(0)
    blobs = rng.integers(5, size=400)
    rows = 50.0 * np.eye(5)[blobs] + rng.normal(size=(400, 5))
    rows = torch.tensor(rows, dtype=torch.float32)
    clusters = selection.agglomerated(rows, rng, sample=50, mean_size=10)
    assert len(set(zip(blobs.tolist(), clusters.tolist(), strict=True))) == 5
    alone = selection.agglomerated(rows[:1], rng, sample=50, mean_size=10)
    assert alone.tolist() == [0]


def test_clusters_are_kept_by_the_images_numbers() -> None:
    """A later cycle has other features, fewer images and another order: the clusters stay."""
    rng = np.random.default_rng(0)
    numbers = rng.integers(2**62, size=80)
    first = sampler(mean_size=8)
    first.query(ClusteredPool(rng.normal(size=(80, 3)), rng.random(80), numbers), 5, rng)
    of_number = dict(zip(first.stored["numbers"].tolist(), first.stored["clusters"], strict=True))
    assert sorted(of_number) == sorted(numbers.tolist())
    left = rng.permutation(80)[:60]
    later = sampler(mean_size=8)
    pool = ClusteredPool(rng.normal(size=(60, 3)), rng.random(60), numbers[left], first.stored)
    clusters = later._clusters(pool, rng)
    assert clusters.tolist() == [of_number[number] for number in numbers[left].tolist()]
    again = dict(zip(later.stored["numbers"].tolist(), later.stored["clusters"], strict=True))
    assert again == of_number


def test_images_that_were_not_shown_before() -> None:
    """They join the cluster whose images are near to them now, and are stored."""
    stored = {"numbers": np.array([5, 3, 9]), "clusters": np.array([2, 7, 2], dtype=np.int32)}
    rows = [[0.0, 0.0], [10.0, 0.0], [9.0, 0.0], [1.0, 0.0]]
    one = sampler()
    pool = ClusteredPool(rows, [0.1, 0.2, 0.3, 0.4], [3, 9, 100, 101], stored)
    assert one._clusters(pool, np.random.default_rng(0)).tolist() == [7, 2, 2, 7]
    assert one.stored["numbers"].tolist() == [5, 3, 9, 100, 101]
    assert one.stored["clusters"].tolist() == [2, 7, 2, 2, 7]
    strangers = ClusteredPool(rows, [0.1, 0.2, 0.3, 0.4], [11, 12, 13, 14], stored)
    one._clusters(strangers, np.random.default_rng(0))
    assert one.stored["numbers"].tolist() == [11, 12, 13, 14]


def test_the_smallest_margins_are_the_candidates() -> None:
    pool = Pools().first_cycle()
    p = np.sort(pool.probabilities().numpy(), axis=1)
    smallest = np.argsort(p[:, -1] - p[:, -2])
    picks = sampler().query(pool, 40, np.random.default_rng(0))
    assert set(picks.tolist()) <= set(smallest[:50].tolist())
    margin = sampler(candidates=1).query(pool, 40, np.random.default_rng(0))
    assert set(margin.tolist()) == set(smallest[:40].tolist())
    everything = sampler().query(pool, pool.n_unlabeled, np.random.default_rng(0))
    assert sorted(everything.tolist()) == list(range(pool.n_unlabeled))

"""CDAL. Traps: softmax applied twice, infinite terms left out, a start at random, perhaps at a
labeled image, chosen images that stay eligible.

Independent source: greedy on the full matrix of divergences by scipy.stats.entropy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.cdal import Cdal
from scipy.stats import entropy

import alharness
from alharness.selection import greedy_contextual_diversity
from alharness.testing.pools import Pools


def by_definition(unlabeled: np.ndarray, labeled: np.ndarray, budget: int) -> list[int]:
    rows = np.concatenate([labeled, unlabeled]).astype(np.float64)
    m = len(labeled)
    divergence = entropy(rows[:, None], rows[None], axis=2)
    matrix = (divergence + divergence.T) / 2
    centers = list(range(m))
    for _ in range(budget):
        nearest = matrix[:, centers].min(axis=1, initial=np.inf)
        nearest[centers] = -np.inf
        centers.append(int(nearest.argmax()))
    return [one - m for one in centers[m:]]


def drawn(n: int, seed: int, n_classes: int = 4) -> np.ndarray:
    """Sums are one up to float32; nothing is below the least probability."""
    p = np.random.default_rng(seed).dirichlet(np.ones(n_classes), size=n) + 1e-5
    return (p / p.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("n_labeled", [0, 1, 12])
def test_equals_greedy_on_the_full_matrix(n_labeled: int) -> None:
    unlabeled, labeled = drawn(90, 0), drawn(n_labeled, 1).reshape(-1, 4)
    picks = greedy_contextual_diversity(torch.from_numpy(unlabeled), torch.from_numpy(labeled), 30)
    assert picks.tolist() == by_definition(unlabeled, labeled, 30)


def test_the_sampler_starts_from_the_labeled_images() -> None:
    pool = Pools().ordinary(80)
    p = [pool.probabilities(one).numpy().astype(np.float64) for one in ("unlabeled", "labeled")]
    unlabeled, labeled = (np.maximum(one, 1e-8) for one in p)
    picks = Cdal().query(pool, 20, np.random.default_rng(0))
    rows = np.concatenate([labeled, unlabeled])
    matrix = np.array([[((p - q) * np.log(p / q)).sum() / 2 for q in rows] for p in rows])
    centers = list(range(len(labeled)))
    for pick in picks:  # by the definition's own sums, up to rounding
        nearest = matrix[:, centers].min(axis=1)
        nearest[centers] = -np.inf
        assert nearest[len(labeled) + pick] >= nearest.max() - 1e-9
        centers.append(len(labeled) + int(pick))


def test_saturated_rows_are_far_and_finite() -> None:
    """One-hot rows of other classes are farthest from each other; 0 log 0 is no NaN."""
    unlabeled = torch.cat([torch.full((5, 3), 1 / 3), torch.eye(3), torch.eye(3)])
    picks = greedy_contextual_diversity(unlabeled, torch.tensor([[0.5, 0.3, 0.2]]), 11).tolist()
    assert set(picks[:3]) == {5, 6, 7}
    assert sorted(picks) == list(range(11))


def test_duplicates_come_last(array_pool: Any) -> None:
    rows = drawn(10, 2)[np.tile(np.arange(10), 5)]
    picks = greedy_contextual_diversity(torch.from_numpy(rows), torch.zeros(0, 4), 50).tolist()
    assert sorted(picks) == list(range(50))
    assert {one % 10 for one in picks[:10]} == set(range(10))


@pytest.mark.parametrize("budget", [0, 6])
def test_what_is_refused(budget: int) -> None:
    rows = torch.from_numpy(drawn(5, 0))
    with pytest.raises(alharness.HarnessError, match="contextual diversity"):
        greedy_contextual_diversity(rows, rows, budget)

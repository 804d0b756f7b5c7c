"""DropQuery. Independent source: the binomial law of a prediction that hangs on one feature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.dropquery import changed_predictions
from scipy.stats import binom, chisquare
from torch import nn


class HeadPool:
    """Embeddings, and a head that says class 0 where the first feature is there."""

    def __init__(self, embeddings: np.ndarray) -> None:
        self._embeddings = torch.tensor(embeddings, dtype=torch.float32)
        self.n_unlabeled = len(embeddings)

    def embeddings(self) -> torch.Tensor:
        return self._embeddings.clone()

    def head(self) -> nn.Module:
        head = nn.Linear(self._embeddings.shape[1], 2)
        with torch.no_grad():
            head.weight.zero_()
            head.weight[0, 0] = 1
            head.bias[:] = torch.tensor([0.0, 0.5])
        return head


def embeddings(n_fragile: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """The first ``n_fragile`` rows hang on their first feature; the others never change."""
    rows = rng.standard_normal((n, 5))
    rows[:, 0] = np.where(np.arange(n) < n_fragile, 1, -1)
    return rows


@pytest.mark.parametrize("dropout", [0.75, 0.3])
def test_counts_are_binomial(dropout: float) -> None:
    rng = np.random.default_rng(0)
    pool = HeadPool(embeddings(6000, 9000, rng))
    changed = changed_predictions(pool.embeddings(), pool.head(), 3, dropout, rng)
    assert not changed[6000:].any()
    expected = 6000 * binom.pmf(range(4), 3, dropout)
    assert chisquare(np.bincount(changed[:6000], minlength=4), expected).pvalue > 0.001


def test_what_is_kept_is_scaled() -> None:
    """Scaled by 4, the second feature outweighs the third where both are kept."""
    features = torch.ones(2000, 2)
    head = nn.Linear(2, 2)
    with torch.no_grad():
        head.weight[:] = torch.tensor([[1.0, 1.0], [0.0, 0.0]])
        head.bias[:] = torch.tensor([0.0, 3.0])
    # 2 < 3 without dropout; one that is kept counts 4 > 3.
    changed = changed_predictions(features, head, 1, 0.75, np.random.default_rng(0))
    assert changed.mean() == pytest.approx(1 - 0.75**2, abs=0.04)


def test_without_dropout_all_is_random(create: Any) -> None:
    pool = HeadPool(embeddings(200, 300, np.random.default_rng(0)))
    sampler = create("sampler", "dropquery", dropout=0.0)
    often = np.zeros(300)
    for seed in range(200):
        picks = sampler.query(pool, 30, np.random.default_rng(seed))
        assert sampler.notes == {"candidates": 0, "filled": 30}
        often[picks] += 1
    assert chisquare(often).pvalue > 0.001


@pytest.mark.parametrize(
    ("n_fragile", "least", "share"), [(4000, 25 * 40, binom.sf(1, 3, 0.75)), (900, 0, 1 - 0.25**3)]
)
def test_one_change_suffices_where_candidates_are_few(
    create: Any, n_fragile: int, least: int, share: float
) -> None:
    """25 for each of 40 picks are 1 000."""
    pool = HeadPool(embeddings(n_fragile, 5000, np.random.default_rng(0)))
    sampler = create("sampler", "dropquery")
    picks = sampler.query(pool, 40, np.random.default_rng(1))
    assert sampler.notes["candidates"] == pytest.approx(share * n_fragile, rel=0.05)
    assert sampler.notes["candidates"] >= least
    assert sampler.notes["filled"] == 0
    assert (picks < n_fragile).all()
    assert len(set(picks.tolist())) == 40


@pytest.mark.parametrize("budget", [1, 3, 20])
def test_too_few_candidates_and_duplicates(create: Any, budget: int) -> None:
    rows = np.repeat(embeddings(2, 4, np.random.default_rng(0)), 5, axis=0)
    sampler = create("sampler", "dropquery")
    picks = sampler.query(HeadPool(rows), budget, np.random.default_rng(0))
    assert len(set(picks.tolist())) == budget
    assert sampler.notes["filled"] >= budget - 2

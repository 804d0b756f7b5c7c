"""How long a query of Refine takes, as published: 495 batches and a cover.

Full size: ``ALHARNESS_FULL=1 OMP_NUM_THREADS=1 pytest -n 0 tests/performance/test_refine.py
--benchmark-enable -s``; one thread is what a query has.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.refine import Refine, RefineParameters
from torch import nn

from alharness import GradientFactors, Subset

FULL = "ALHARNESS_FULL" in os.environ
SIZES = [(9_000, 1_000, 100), (50_000, 1_000, 100)] if FULL else [(300, 50, 10)]
"""Unlabeled images, labeled images, budget."""
WIDTH, CLASSES = 128, 10


class Arrays:
    """A pool of features in clusters, as many as there are classes, that a linear layer tells."""

    device = torch.device("cpu")
    n_classes, cycle = CLASSES, 0

    def __init__(self, n_unlabeled: int, n_labeled: int) -> None:
        self.n_unlabeled, self.n_labeled = n_unlabeled, n_labeled
        rng = np.random.default_rng(0)
        centers = 0.35 * rng.standard_normal((CLASSES, WIDTH), dtype=np.float32)
        n = n_unlabeled + n_labeled
        of_class = rng.integers(CLASSES, size=n)
        rows = centers[of_class] + rng.standard_normal((n, WIDTH), dtype=np.float32)
        self._rows = torch.from_numpy(rows)
        self._classes = torch.from_numpy(of_class)
        self._head = nn.Linear(WIDTH, CLASSES)
        with torch.no_grad():
            self._head.weight.copy_(torch.from_numpy(centers))
            self._head.bias.copy_(-self._head.weight.square().sum(dim=1) / 2)

    def embeddings(self, subset: Subset = "unlabeled") -> torch.Tensor:
        first = self._rows[: self.n_unlabeled]
        return first if subset == "unlabeled" else self._rows[self.n_unlabeled :]

    representation = embeddings

    def labels(self) -> torch.Tensor:
        return self._classes[self.n_unlabeled :]

    def labeled_in(self) -> torch.Tensor:
        return torch.zeros(self.n_labeled, dtype=torch.int64)

    def numbers(self, subset: Subset = "unlabeled") -> torch.Tensor:
        return torch.arange(len(self.embeddings(subset)))

    def head(self) -> nn.Module:
        return self._head

    @torch.no_grad()
    def logits(self, subset: Subset = "unlabeled") -> torch.Tensor:
        return self._head(self.embeddings(subset))

    def probabilities(self, subset: Subset = "unlabeled") -> torch.Tensor:
        return self.logits(subset).softmax(dim=1)

    def gradient_factors(self) -> GradientFactors:
        p = self.probabilities()
        return GradientFactors(p - nn.functional.one_hot(p.argmax(dim=1)), self.embeddings())


@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_time_of_a_query(benchmark: Any, size: Any) -> None:
    n_unlabeled, n_labeled, budget = size
    pool = Arrays(n_unlabeled, n_labeled)

    def query() -> tuple[np.ndarray, Any]:
        sampler = Refine(**RefineParameters().model_dump())
        return sampler.query(pool, budget, np.random.default_rng(0)), sampler.notes

    picks, notes = benchmark.pedantic(query, rounds=1)
    print(size, notes)
    assert len(set(picks.tolist())) == budget

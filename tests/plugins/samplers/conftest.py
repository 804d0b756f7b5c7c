"""A pool of given features for tests of samplers on representations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch

from alharness import Subset


class FeaturePool:
    """A pool that only knows what it is given; asking for more is an AttributeError.

    ``unlabeled`` and ``labeled`` are features, (n, D). Probabilities are ``probabilities``, (n, C).
    """

    device = torch.device("cpu")

    def __init__(
        self,
        unlabeled: np.ndarray,
        labeled: np.ndarray | None = None,
        labels: np.ndarray | None = None,
        *,
        n_classes: int = 3,
        cycle: int = 0,
        labeled_in: np.ndarray | None = None,
        probabilities: Mapping[Subset, np.ndarray] | None = None,
        stored: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        labeled = unlabeled[:0] if labeled is None else labeled
        self.n_unlabeled, self.n_labeled = len(unlabeled), len(labeled)
        self.n_classes, self.cycle = n_classes, cycle
        self._features = {"unlabeled": unlabeled, "labeled": labeled}
        self._labels = np.zeros(len(labeled), dtype=np.int64) if labels is None else labels
        self._labeled_in = np.zeros(len(labeled)) if labeled_in is None else labeled_in
        self._probabilities = probabilities
        self._stored = stored or {}

    def representation(self, subset: Subset = "unlabeled") -> torch.Tensor:
        return torch.tensor(self._features[subset], dtype=torch.float32)

    def probabilities(self, subset: Subset = "unlabeled") -> torch.Tensor:
        return torch.tensor(self._probabilities[subset], dtype=torch.float32)

    def labels(self) -> torch.Tensor:
        return torch.tensor(self._labels, dtype=torch.int64)

    def labeled_in(self) -> torch.Tensor:
        return torch.tensor(self._labeled_in, dtype=torch.int64)

    def numbers(self, subset: Subset = "unlabeled") -> torch.Tensor:
        n = {"unlabeled": self.n_unlabeled, "labeled": self.n_labeled}[subset]
        return torch.arange(n) + (0 if subset == "unlabeled" else self.n_unlabeled)

    def stored(self) -> Mapping[str, np.ndarray]:
        return {name: array.copy() for name, array in self._stored.items()}


@pytest.fixture
def feature_pool() -> Callable[..., FeaturePool]:
    return FeaturePool


@pytest.fixture
def blobs() -> Callable[..., Any]:
    """``blobs(rng, sizes, width=8, apart=6)``: features (n, width), shuffled, and their blobs."""

    def drawn(
        rng: np.random.Generator, sizes: list[int], width: int = 8, apart: float = 6.0
    ) -> tuple[np.ndarray, np.ndarray]:
        of = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
        middles = apart * rng.standard_normal((len(sizes), width))
        rows = middles[of] + rng.standard_normal((len(of), width))
        return rows.astype(np.float32), of

    return drawn

"""Plugins as a suite names them, and a pool of given arrays for tests of samplers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from alharness import Subset
from alharness.protocol.components import Reference
from alharness.registry import discover


class ArrayPool:
    """A pool that only knows what it is given; asking for more is an AttributeError.

    ``sampled`` are probabilities of Monte-Carlo passes or of a committee, (T, n_unlabeled, C).
    """

    device = torch.device("cpu")
    slice_size = 7

    def __init__(
        self,
        n_unlabeled: int,
        probabilities: np.ndarray | None = None,
        embeddings: np.ndarray | None = None,
        labeled_embeddings: np.ndarray | None = None,
        sampled: np.ndarray | None = None,
    ) -> None:
        self.n_unlabeled = n_unlabeled
        self._probabilities = probabilities
        self._sampled = sampled
        self._embeddings = {"unlabeled": embeddings, "labeled": labeled_embeddings}

    def probabilities(self, subset: Subset = "unlabeled") -> torch.Tensor:
        assert subset == "unlabeled"
        return torch.tensor(self._probabilities, dtype=torch.float32)

    def embeddings(self, subset: Subset = "unlabeled") -> torch.Tensor:
        return torch.tensor(self._embeddings[subset], dtype=torch.float32)

    def mc_probabilities(
        self, passes: int, masks: str = "per-pass"
    ) -> Iterator[tuple[slice, torch.Tensor]]:
        assert passes == len(self._sampled)
        yield from self.committee_probabilities()

    def committee_probabilities(self) -> Iterator[tuple[slice, torch.Tensor]]:
        for start in range(0, self.n_unlabeled, self.slice_size):
            rows = slice(start, min(start + self.slice_size, self.n_unlabeled))
            yield rows, torch.tensor(self._sampled[:, rows], dtype=torch.float32)


@pytest.fixture
def array_pool() -> Callable[..., ArrayPool]:
    return ArrayPool


@pytest.fixture(scope="session")
def create() -> Callable[..., Any]:
    """``create(kind, name, **parameters)``: a built-in, the other parameters at their defaults."""
    registry = discover()
    return lambda kind, name, **parameters: registry.create(
        registry.component(kind, Reference(name, parameters))
    )

"""Slabs: a training's numbers of one kind, beside those of the others in its stack."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch

SLAB = 32
"""A slab's length is a multiple of this many float32: two vectors of AVX-512, 128 bytes."""

ROW = 16
"""Rows of matrices are filled up to a multiple of so many float32, a line of the cache."""


def whole(length: int, multiple: int = SLAB) -> int:
    """The least multiple that has room for so many."""
    return -(-length // multiple) * multiple


class Slabs:
    """Matrices of T trainings: those of one training behind one another, each from a slab's start.

    ``flat`` is (T, S) float32, zero at first; ``matrices[k]`` is a view of it, (T, *shapes[k]).
    """

    def __init__(self, n_trainings: int, shapes: Sequence[tuple[int, int]]) -> None:
        lengths = [whole(rows * columns) for rows, columns in shapes]
        self._shapes = list(zip(accumulate(lengths, initial=0), shapes, strict=False))
        self.flat = torch.zeros(n_trainings, sum(lengths))
        self.matrices = self.of(self.flat)

    def of(self, flat: torch.Tensor) -> list[torch.Tensor]:
        """The matrices, (..., rows, columns) each, in what is laid out so, (..., S)."""
        return [
            flat[..., start : start + rows * columns].view(*flat.shape[:-1], rows, columns)
            for start, (rows, columns) in self._shapes
        ]


def sums(values: torch.Tensor) -> torch.Tensor:
    """Sums of rows, (T, n) to (T,): columns are added pairwise, by the same additions for each."""
    while values.shape[1] > 1:
        half, odd = divmod(values.shape[1], 2)
        folded = values[:, :half] + values[:, half : 2 * half]
        if odd:
            folded[:, 0] += values[:, -1]
        values = folded
    return values[:, 0]


def slabs(n_trainings: int, rows: int, columns: int) -> torch.Tensor:
    """A matrix of each of T trainings, (T, rows, columns) float32, each a slab: zero at first."""
    return Slabs(n_trainings, [(rows, columns)]).matrices[0]

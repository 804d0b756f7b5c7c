"""The power of two that brings features into [-1, 1], and the grid that they lie on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch

ELEMENTS = 1 << 17
"""Elements of one float64 temporary: small enough to stay in a processor's cache."""
_FINEST = 2.0**-12
"""Finer grids than this have squares of more digits than float32 has."""


@dataclass(frozen=True)
class Scale:
    """Multiplication by 2 to the ``exponent``, which brings the largest feature below 1/2."""

    exponent: int

    @classmethod
    def of(cls, *tables: torch.Tensor) -> Scale:
        """The scale of all tables of rows together; one that has no rows counts for nothing."""
        ends = [end for rows in tables if len(rows) for end in rows.aminmax()]
        return cls(-math.frexp(max(abs(float(end)) for end in ends))[1] - 1)

    @property
    def factor(self) -> float:
        """2 to the ``exponent``."""
        return 2.0**self.exponent

    def moved(self, rows: torch.Tensor, origin: torch.Tensor) -> torch.Tensor:
        """The rows scaled, less ``origin``, rounded once."""
        # The factor may be beyond the rows' range, by so little that its rest is not.
        exponent = min(max(self.exponent, -100), 100)
        if exponent != self.exponent:
            rows = rows * 2.0 ** (self.exponent - exponent)
        return torch.add(-origin, rows, alpha=2.0**exponent)

    def grid(self, *tables: torch.Tensor) -> float:
        """The largest power of two, 1 at most, whose multiples all scaled features are.

        0.0 if there is none as large as 1/4096.
        """
        grid = 1.0
        for rows in tables:
            for _, some in parts(rows):
                scaled = self.moved(some, some.new_zeros(some.shape[1]))
                if not (_lies_on(scaled, _FINEST) and torch.equal(scaled != 0, some != 0)):
                    return 0.0
                while not _lies_on(scaled, grid):
                    grid /= 2
        return grid


def parts(rows: torch.Tensor) -> Iterator[tuple[int, torch.Tensor]]:
    """Slices of rows small enough for temporaries of their size, each after its start."""
    step = max(1, ELEMENTS // rows.shape[1])
    for start in range(0, len(rows), step):
        yield start, rows[start : start + step]


def _lies_on(scaled: torch.Tensor, grid: float) -> bool:
    multiples = scaled / grid
    return torch.equal(multiples, multiples.round())

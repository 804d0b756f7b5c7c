"""How far rows are from the nearest of the centers they have met, in bounds that are tightened.

Pairs meet once: a product in low precision bounds their distance from both sides. Of the pairs
of a row, those whose lower bound is below the row's upper one are kept as contenders, few as a
rule; if the row's exact distance is asked for, only these are looked at again, in float64.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from alharness.selection.contenders import Contenders
from alharness.selection.distances import Block, Points, upper_bounds

_CENTERS = 512
"""Centers of one product."""
_ROWS = 2048
"""Rows of one product where all rows meet centers."""
_PER_ROW = 8
"""Contenders that are kept for each row, on average and at most."""


class Nearest:
    """Distances of unlabeled rows to the nearest of a growing sequence of centers.

    Row i has met the first ``met[i]`` centers of the sequence, and ``bound[i]`` is no smaller
    than the distance to the nearest of these. Both are (n,); distances are squared. A row that is
    put out of the search has the bound -inf.
    """

    def __init__(self, points: Points, room: int) -> None:
        """``room`` is the length that the sequence of centers may have."""
        n = points.n_unlabeled
        self._points = points
        self._contenders = Contenders(2 * n)
        self._centers = points.room(room)
        self.n_centers = 0
        self.bound = np.full(n, np.inf)
        self.met = np.zeros(n, dtype=np.int64)

    def add_centers(self, points: NDArray[np.int64]) -> None:
        """Append to the sequence."""
        self._centers.write(self.n_centers, self._points.block(points))
        self.n_centers += len(points)

    def all_meet(self, until: int) -> None:
        """All rows, which met no center yet, meet the first ``until`` of them."""
        first, centers = self._points.n_labeled, self._centers.part(slice(until))
        for rows in np.split(np.arange(len(self.met)), range(_ROWS, len(self.met), _ROWS)):
            block = self._points.block(slice(first + rows[0], first + rows[-1] + 1))
            self._lower(rows, block, centers)
        self.met[:] = until

    def meet(self, rows: NDArray[np.int64], until: NDArray[np.int64]) -> None:
        """Each row meets the centers before its own position ``until`` that it has not met.

        ``until`` does not fall where ``met`` rises.
        """
        order = np.argsort(self.met[rows], kind="stable")
        rows, until = rows[order], until[order]
        block = self._points.block(self._points.n_labeled + rows)
        for some, centers in _rectangles(self.met[rows], until):
            self._lower(rows[some], block.part(some), self._centers.part(centers))
        self.met[rows] = until

    def settle(self, rows: NDArray[np.int64]) -> None:
        """The bounds of these rows become their exact distances."""
        chosen = np.zeros(len(self.bound), dtype=np.bool_)
        chosen[rows] = True
        row, center = self._contenders.pop(chosen, self.bound)
        distance = self._points.squared(self._points.n_labeled + row, center)
        np.minimum.at(self.bound, row, distance)

    def _lower(self, rows: NDArray[np.int64], x: Block, y: Block) -> None:
        """Rows, laid out as x, meet the centers y."""
        points = self._points
        upper = upper_bounds(x, y)
        nearest = points.on_host(upper.amin(dim=1))
        bound = np.minimum(self.bound[rows], nearest)
        self.bound[rows] = bound
        gap, center_gap = points.gap[x.points], points.gap[y.points]
        limit = bound + gap + center_gap.max()
        near = np.flatnonzero(nearest < limit)
        if len(near):
            row, column, distance = points.below(upper, near, limit[near])
            lower = distance - gap[row] - center_gap[column]
            kept = lower < bound[row]
            self._contenders.add(rows[row[kept]], y.points[column[kept]], lower[kept])
            self._make_room()

    def _make_room(self) -> None:
        """Keep the memory of contenders linear in the number of rows."""
        room = _PER_ROW * len(self.bound)
        if len(self._contenders) > room:
            self._contenders.drop_hopeless(self.bound)
            if len(self._contenders) > room // 2:
                self.settle(np.arange(len(self.bound)))
                self._contenders.drop_hopeless(self.bound)


def _rectangles(start: NDArray[np.int64], stop: NDArray[np.int64]) -> Iterator[tuple[slice, slice]]:
    """Slices (of rows, of centers) that hold centers start[i] to stop[i] of each row i, once.

    Neither ``start`` nor ``stop`` falls.
    """
    edges = np.unique(np.concatenate([start, stop])).tolist()
    for first, last in itertools.pairwise(edges):
        rows = slice(
            int(np.searchsorted(stop, first, side="right")),
            int(np.searchsorted(start, first, side="right")),
        )
        if rows.start < rows.stop:
            for center in range(first, last, _CENTERS):
                yield rows, slice(center, min(center + _CENTERS, last))

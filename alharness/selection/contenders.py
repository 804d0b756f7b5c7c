"""Pairs of a row and a center that may be nearer than what is known of the row's distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Contenders:
    """A growing table of (row, center, lower bound of their distance).

    A contender whose lower bound is not below what the row's distance is known to be
    at most can no longer lower it and is dropped when room is needed.
    """

    def __init__(self, room: int) -> None:
        self._size = 0
        self._row = np.empty(room, dtype=np.int64)
        self._center = np.empty(room, dtype=np.int64)
        self._lower = np.empty(room)

    def __len__(self) -> int:
        return self._size

    def add(
        self, row: NDArray[np.int64], center: NDArray[np.int64], lower: NDArray[np.float64]
    ) -> None:
        """Append pairs, all three (k,)."""
        stop = self._size + len(row)
        if stop > len(self._row):
            self._grow(2 * stop)
        self._row[self._size : stop] = row
        self._center[self._size : stop] = center
        self._lower[self._size : stop] = lower
        self._size = stop

    def drop_hopeless(self, bound: NDArray[np.float64]) -> None:
        """Keep those below the ``bound`` of their row."""
        self._keep(self._lower[: self._size] < bound[self._row[: self._size]])

    def pop(
        self, chosen: NDArray[np.bool_], bound: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows and centers of the chosen rows' contenders that have hope; these are removed."""
        at = np.flatnonzero(chosen[self._row[: self._size]])
        at = at[self._lower[at] < bound[self._row[at]]]
        row, center = self._row[at], self._center[at]
        self._lower[at] = np.inf
        return row, center

    def _keep(self, kept: NDArray[np.bool_]) -> None:
        at = np.flatnonzero(kept)
        self._row[: len(at)] = self._row[at]
        self._center[: len(at)] = self._center[at]
        self._lower[: len(at)] = self._lower[at]
        self._size = len(at)

    def _grow(self, room: int) -> None:
        self._row = np.resize(self._row, room)
        self._center = np.resize(self._center, room)
        self._lower = np.resize(self._lower, room)

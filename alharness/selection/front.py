"""The rows that may be picked next, and picks among them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alharness.selection.distances import Points, ToOne


class Front:
    """Some unlabeled rows in the order of their positions, and their exact ``distance``, (k,).

    A picked row's distance is -inf.
    """

    def __init__(
        self, points: Points, rows: NDArray[np.int64], distance: NDArray[np.float64]
    ) -> None:
        self._points, self._rows, self.distance = points, rows, distance
        self._to_one = ToOne(points, points.n_labeled + rows)

    def pick(self, limit: tuple[float, int], at_most: int) -> NDArray[np.int64]:
        """Rows in the order in which the reference picks them, until it might pick another.

        What comes before ``limit`` by (distance descending, position ascending), written as
        (distance, -position), comes before every row that is not in the front.
        """
        picked: list[int] = []
        while len(picked) < at_most:
            best = int(self.distance.argmax())
            if self.distance[best] <= 0 or (self.distance[best], -self._rows[best]) <= limit:
                break
            picked.append(best)
            self.distance[best] = -np.inf
            self._meet(best)
        return self._rows[picked]

    def _meet(self, pick: int) -> None:
        """Lower distances by those to the pick, where it may be nearer than what is known."""
        near = np.flatnonzero(self._to_one.lower(pick) < self.distance)
        if len(near):
            which = self._to_one.points[near]
            squared = self._points.squared(which, np.full(len(near), self._to_one.points[pick]))
            self.distance[near] = np.minimum(self.distance[near], squared)

"""Lazy greedy: gains that never rise are computed again only where they may be the highest.

Minoux, "Accelerated greedy algorithms for maximizing submodular set functions" (1978). What a row
adds to a submodular set function never rises as rows are picked, so that a gain that was computed
earlier is an upper bound, and a row whose bound is below the highest gain can wait.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

_FIRST = 16
"""Rows whose gains are computed again together, at least; twice as many each time in vain."""


class Gains(Protocol):
    """A set function of rows 0 to n - 1, and the rows picked so far."""

    n: int

    def gains(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """What each of these rows would add, (k,)."""
        ...

    def add(self, row: int) -> None:
        """Pick a row."""
        ...


def lazy_greedy(objective: Gains, budget: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """``budget`` times the row with the highest gain, equal ones by the lowest position.

    Once no gain is positive, the lowest positions of the rest fill up; their gains are 0. Returns
    distinct positions, (budget,) int64, in the order of picking, and their gains, (budget,).
    """
    bound = objective.gains(np.arange(objective.n))
    current = np.ones(objective.n, dtype=np.bool_)
    picks: list[int] = []
    gains = np.zeros(budget)
    reach = _FIRST
    while len(picks) < budget:
        best = int(bound.argmax())
        if bound[best] <= 0:
            break
        if current[best]:
            gains[len(picks)] = bound[best]
            objective.add(best)
            picks.append(best)
            bound[best], current[:], reach = -np.inf, False, _FIRST
        else:
            stale = np.where(current, -np.inf, bound)
            rows = np.argpartition(-stale, min(reach, objective.n) - 1)[:reach]
            rows = rows[stale[rows] > -np.inf]
            bound[rows] = objective.gains(rows)
            current[rows] = True
            reach *= 2
    left = np.ones(objective.n, dtype=np.bool_)
    left[picks] = False
    rest = np.flatnonzero(left)[: budget - len(picks)]
    return np.concatenate([np.array(picks, dtype=np.int64), rest]), gains

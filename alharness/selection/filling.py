"""Picks that are fewer than a query has to return, filled up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def filled(
    picks: Sequence[int] | NDArray[np.int64], n: int, budget: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """The first ``budget`` picks, followed where there are fewer by others, drawn uniformly.

    ``picks`` are distinct positions in [0, n); ``budget <= n``. Returns distinct positions,
    (budget,) int64.
    """
    chosen = np.array(picks, dtype=np.int64)[:budget]
    if len(chosen) == budget:
        return chosen
    left = np.setdiff1d(np.arange(n), chosen)
    return np.concatenate([chosen, rng.choice(left, budget - len(chosen), replace=False)])

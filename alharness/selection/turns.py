"""Rounds through groups, the smallest first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def round_robin(
    groups: NDArray[np.int64], budget: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Positions picked in rounds, each of which takes one member of every group that has any left.

    In a round the group that was smallest at first comes first, equal ones in an order drawn with
    ``rng``; which member it gives is drawn, too. ``groups`` are (n,) int64, ``budget <= n``.
    Returns distinct positions in the order of picking, (budget,) int64.
    """
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[np.lexsort((rng.random(len(sizes)), sizes))] = np.arange(len(sizes))
    by_group = np.lexsort((rng.random(len(groups)), group))
    first = np.cumsum(sizes) - sizes
    turn = np.arange(len(groups)) - first[group[by_group]]
    order = np.lexsort((rank[group[by_group]], turn))
    return by_group[order][:budget].astype(np.int64)

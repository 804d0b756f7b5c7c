"""Filtering in rounds: the next pool is what any strategy picked of random parts of this one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.int64]
Strategy: TypeAlias = Callable[[Rows, int, np.random.Generator], Rows]
"""Of m rows, given by their positions in the pool, those that it picks, as many as the budget.

They are distinct positions in [0, m).
"""


def filtered_pools(
    n: int,
    budget: int,
    strategies: Sequence[Strategy],
    rng: np.random.Generator,
    *,
    rounds: int,
    batches: int,
    first_subset: int,
    later_share: float,
    pool_limit: int,
) -> list[Rows]:
    """All n rows, then what each round left of the pool before: ``rounds`` + 1 pools, nested.

    In a round each strategy picks ``batches // len(strategies)`` times ``budget`` rows, each time
    of a subset that is drawn anew from the round's pool: ``first_subset`` rows in the first round,
    later the share ``later_share``, rounded down. The next pool is all that was picked, or
    ``pool_limit`` rows drawn of it. Subset and pool have ``budget`` rows at least, and a subset
    is the whole pool where that has no more.

    ``1 <= budget <= n`` and ``batches >= len(strategies)``. Pools are (≤ n,) int64, distinct.
    """
    pools = [np.arange(n)]
    size = first_subset
    for _ in range(rounds):
        size = min(max(budget, size), len(pools[-1]))
        picked = []
        for strategy in strategies:
            for _ in range(batches // len(strategies)):
                rows = rng.choice(pools[-1], size, replace=False)
                picked.append(rows[strategy(rows, budget, rng)])
        left, limit = np.unique(picked), max(budget, pool_limit)
        pools.append(rng.choice(left, limit, replace=False) if len(left) > limit else left)
        size = int(later_share * len(pools[-1]))
    return pools

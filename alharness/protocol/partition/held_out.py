"""Images held out of every pool: those on which upper bounds measure what a batch gains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alharness.protocol.partition.splits import Split
from alharness.protocol.seeds import SeedPath


def with_held_out(parts: Split, labels: NDArray[np.int64], size: int, path: SeedPath) -> Split:
    """The split with ``size`` images of its pool held out, which keeps the others in their order.

    Of each class its share of the pool, rounded up or down: the pool's images, class by class and
    within a class in an order drawn from ``path``, are taken at equal distances. ``labels`` are
    those of all training images, (n_train,); ``size`` is below ``len(parts.pool)``.
    """
    if size == 0:
        return parts
    order = path.permutation(len(labels))
    pool = order[np.isin(order, parts.pool)]
    by_class = pool[np.argsort(labels[pool], kind="stable")]
    taken = by_class[(2 * np.arange(size) + 1) * len(pool) // (2 * size)]
    left = parts.pool[~np.isin(parts.pool, taken)]
    return replace(parts, pool=left, held_out=np.sort(taken))

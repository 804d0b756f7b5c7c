"""Initial sets with so many images of each class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alharness.api.errors import UsageError
from alharness.protocol.partition.splits import Split
from alharness.protocol.seeds import SeedPath


def equal_counts(n_classes: int, total: int, path: SeedPath) -> NDArray[np.int64]:
    """As equal numbers for each class as ``total`` allows, (n_classes,) int64.

    Which classes get one more is drawn from ``path``.
    """
    counts = np.full(n_classes, total // n_classes, dtype=np.int64)
    counts[path.permutation(n_classes)[: total % n_classes]] += 1
    return counts


def with_counts(
    parts: Split, labels: NDArray[np.int64], counts: NDArray[np.int64], where: str, remedy: str
) -> Split:
    """The split with so many images of each class in its initial set, in the shuffle's order.

    Each class's images are the first of the shuffle outside the validation set, which
    stays as it is, as does what is left out. ``labels`` are those of all training images. Raises
    UsageError, naming ``where``, when a class has too few images.
    """
    order = np.concatenate([parts.initial, parts.pool])
    taken = np.zeros(len(order), dtype=bool)
    for number, count in enumerate(counts):
        places = np.flatnonzero(labels[order] == number)
        if len(places) < count:
            raise UsageError(
                f"the initial set wants {count} images of class {number}, but only "
                f"{len(places)} are outside the validation set",
                where=where,
                remedy=remedy,
            )
        taken[places[:count]] = True
    return Split(order[taken], order[~taken], parts.validation, parts.left_out)

"""Long-tailed initial sets: class sizes by a power law (paper, section 6.3).

The published code's law: class i of C gets int(a + k · exp(α · (i + 0.5))) images, scaled to
the size of the initial set. Only the initial set is imbalanced.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from alharness.api.errors import UsageError
from alharness.protocol.partition.splits import Split


def class_counts(
    n_classes: int, total: int, *, a: float, k: float, alpha: float
) -> NDArray[np.int64]:
    """Images of each class, (n_classes,) int64, ``total`` in all.

    The law's counts are scaled down to whole numbers; what is missing goes to the
    classes with the largest remainders, of equals to the first.
    """
    law = np.array([int(a + k * math.exp(alpha * (i + 0.5))) for i in range(n_classes)])
    scaled = law * total
    counts = scaled // law.sum()
    remainders = scaled % law.sum()
    missing = total - counts.sum()
    counts[np.argsort(-remainders, kind="stable")[:missing]] += 1
    return np.asarray(counts, dtype=np.int64)


def long_tailed(
    parts: Split, labels: NDArray[np.int64], counts: NDArray[np.int64], where: str
) -> Split:
    """The split with so many images of each class in its initial set, in the shuffle's order.

    Each class's images are the first of the shuffle outside the validation set, which
    stays as it is. ``labels`` are those of all training images. Raises UsageError,
    naming ``where``, when a class has too few images.
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
                remedy="Lower the law's k, or protocol.initial_fraction",
            )
        taken[places[:count]] = True
    return Split(initial=order[taken], pool=order[~taken], validation=parts.validation)

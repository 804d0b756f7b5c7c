"""What is left out of all sets: for all initial sets and seeds of a suite, or for one set's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from alharness.api.errors import UsageError
from alharness.protocol.partition.long_tail import tail_counts
from alharness.protocol.partition.sizes import held_back_size, spared_size
from alharness.protocol.partition.splits import no_images
from alharness.protocol.seeds import SeedPath

if TYPE_CHECKING:
    from alharness.protocol.suite.protocol_table import Protocol


def held_back(protocol: Protocol, n_train: int, suite_seed: int) -> NDArray[np.int64]:
    """Dataset indices that the protocol holds back, rising, (held_back_size,) int64.

    Drawn uniformly from all training images. Raises UsageError as ``held_back_size`` does.
    """
    size = held_back_size(protocol, n_train)
    if size == 0:
        return no_images()
    order = SeedPath(suite_seed=suite_seed, purpose="held-back").permutation(n_train)
    return np.sort(order[:size])


def with_spared(
    protocol: Protocol, left_out: NDArray[np.int64], n_train: int, initial_set: int, suite_seed: int
) -> NDArray[np.int64]:
    """Dataset indices of what an initial set leaves out, rising, int64, where samplers choose it.

    What all initial sets leave out, and a tenth of the other images that is its own, drawn
    uniformly: the same for all samplers and seeds. ``left_out`` where sets are drawn.
    """
    size = spared_size(protocol, n_train - len(left_out))
    if size == 0:
        return left_out
    path = SeedPath(suite_seed=suite_seed, initial_set=initial_set, purpose="spared")
    order = path.permutation(n_train)
    spared = order[~np.isin(order, left_out)][:size]
    return np.sort(np.concatenate([left_out, spared]))


def with_tail(
    held: NDArray[np.int64],
    labels: NDArray[np.int64],
    n_classes: int,
    ratio: float,
    suite_seed: int,
    where: str,
) -> NDArray[np.int64]:
    """Dataset indices of what is held back and what a long tail drops, rising, int64.

    The largest class, the first, has as many images as the smallest class has beside what is held
    back: so every class has what the law gives it, whatever its own size. (Published long tails
    take the mean class size there, which is the same where classes are equal and what is held back
    is drawn by class.) Which images of a class stay is drawn uniformly. ``labels`` are those of all
    training images, (n_train,). Raises UsageError, naming ``where``, when the last class gets none.
    """
    order = SeedPath(suite_seed=suite_seed, purpose="long-tail").permutation(len(labels))
    order = order[~np.isin(order, held)]
    largest = int(np.bincount(labels[order], minlength=n_classes).min())
    counts = tail_counts(n_classes, largest, ratio)
    if counts[-1] < 1:
        raise UsageError(
            f"ratio = {ratio:g} leaves class {n_classes - 1} no image: the smallest class has "
            f"{largest}",
            where=where,
            remedy=f"Write a ratio of {largest} or less",
        )
    kept = [order[labels[order] == number][:count] for number, count in enumerate(counts)]
    return np.setdiff1d(np.arange(len(labels)), np.concatenate(kept))

"""Splits: training images into initial set, pool and validation set (paper, sections 5 and 6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from alharness.api.errors import UsageError
from alharness.protocol.partition.sizes import labeled_sizes, validation_size
from alharness.protocol.seeds import SeedPath

if TYPE_CHECKING:
    from alharness.protocol.suite.tables import Protocol

MUNJAL2022_SEEDS = (0, 2, 3, 4, 5)
"""Seeds of the paper's five partitions, found by comparing with the published index sets."""

MUNJAL2022_TRAIN_IMAGES = 50_000
"""Training images of CIFAR-10 and of CIFAR-100, whose partitions are the same."""


@dataclass(frozen=True)
class Split:
    """Dataset indices (int64), disjoint, in the order of one shuffle: together all of them.

    initial: the labels a run starts from, L⁰; shape (n_initial,).
    pool: the unlabeled images that queries choose from; shape (n_pool,).
    validation: the validation set; shape (n_validation,).
    """

    initial: NDArray[np.int64]
    pool: NDArray[np.int64]
    validation: NDArray[np.int64]


def split(protocol: Protocol, n_train: int, initial_set: int, suite_seed: int) -> Split:
    """The split of ``n_train`` training images that belongs to one initial set.

    One shuffle per initial set: its first images are L⁰, its last the validation
    set, those between the pool; so another validation size leaves L⁰ as it is.
    The scenario plays no part: scenarios of one suite with equally many training
    images share their splits.

    Splits that are given are taken as they are.

    Raises UsageError when ``n_train`` is too small for the protocol, is not
    50 000 for the paper's partitions, or when given splits do not fit; ValueError for
    an initial set that the protocol does not have.
    """
    if not 0 <= initial_set < protocol.n_initial_sets:
        raise ValueError(f"initial set {initial_set} of {protocol.n_initial_sets}")
    n_initial = labeled_sizes(protocol, n_train)[0]
    n_validation = validation_size(protocol, n_train)
    sets = protocol.initial_sets
    if not isinstance(sets, int | str):
        return sets.split(initial_set, n_train, n_initial, n_validation)
    if protocol.initial_sets == "munjal2022":
        order = _munjal2022_shuffle(n_train, initial_set)
    else:
        path = SeedPath(suite_seed=suite_seed, initial_set=initial_set, purpose="split")
        order = path.permutation(n_train)
    return Split(
        initial=order[:n_initial],
        pool=order[n_initial : n_train - n_validation],
        validation=order[n_train - n_validation :],
    )


def _munjal2022_shuffle(n_train: int, initial_set: int) -> NDArray[np.int64]:
    """The shuffle of the published code, ``al_utils/data.py`` of TorchAL."""
    if n_train != MUNJAL2022_TRAIN_IMAGES:
        raise UsageError(
            f"the partitions 'munjal2022' are of {MUNJAL2022_TRAIN_IMAGES} training images, "
            f"the dataset has {n_train}",
            where="protocol.initial_sets",
            remedy="Write a number of initial sets, such as initial_sets = 5",
        )
    state = np.random.RandomState(MUNJAL2022_SEEDS[initial_set])
    return state.permutation(n_train).astype(np.int64)

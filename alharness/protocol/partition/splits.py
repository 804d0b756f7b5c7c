"""Splits: training images into initial set, pool and validation set (paper, sections 5 and 6.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from alharness.api.errors import UsageError
from alharness.protocol.partition.sizes import (
    absolute_sizes,
    fraction_of,
    labeled_sizes,
    validation_size,
)
from alharness.protocol.seeds import SeedPath

if TYPE_CHECKING:
    from alharness.protocol.suite.protocol_table import Protocol

MUNJAL2022_SEEDS = (0, 2, 3, 4, 5)
"""Seeds of the paper's five partitions, found by comparing with the published index sets."""

MUNJAL2022_TRAIN_IMAGES = 50_000
"""Training images of CIFAR-10 and of CIFAR-100, whose partitions are the same."""

_WHERE = "protocol.initial_sets"


def no_images() -> NDArray[np.int64]:
    """No indices, (0,) int64."""
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Split:
    """Dataset indices (int64), disjoint: together all of them. The first three in shuffled order.

    initial: the labels a run starts from, L⁰; shape (n_initial,), empty where a sampler chooses.
    pool: the unlabeled images that queries choose from; shape (n_pool,).
    validation: the validation set; shape (n_validation,).
    left_out: what is in none of these; shape (n_left_out,).
    held_out: what upper bounds measure gains on, in no pool; shape (n_held_out,), rising.
    """

    initial: NDArray[np.int64]
    pool: NDArray[np.int64]
    validation: NDArray[np.int64]
    left_out: NDArray[np.int64] = field(default_factory=no_images)
    held_out: NDArray[np.int64] = field(default_factory=no_images)

    @property
    def n_images(self) -> int:
        """How many images are in some set, or held out: what shares are of."""
        return sum(map(len, (self.initial, self.pool, self.validation, self.held_out)))


def split(
    protocol: Protocol,
    n_train: int,
    initial_set: int,
    suite_seed: int,
    left_out: NDArray[np.int64] | None = None,
) -> Split:
    """The split of ``n_train`` training images that belongs to one initial set.

    One shuffle per initial set: its first images are L⁰, its last the validation
    set, those between the pool; so another validation size leaves L⁰ as it is.
    What is ``left_out`` is taken out of the shuffle before.
    The scenario plays no part: scenarios of one suite with equally many training
    images share their splits, unless what they leave out follows from labels.

    Splits that are given are taken as they are, with what they leave out.

    Raises UsageError when there are too few images for the protocol, not
    50 000 for the paper's partitions, or when given splits do not fit; ValueError for
    an initial set that the protocol does not have.
    """
    if not 0 <= initial_set < protocol.n_initial_sets:
        raise ValueError(f"initial set {initial_set} of {protocol.n_initial_sets}")
    sets = protocol.initial_sets
    if not isinstance(sets, int | str):
        parts = sets.split(initial_set, n_train)
        _require_sizes(protocol, parts, initial_set)
        return parts
    if sets == "munjal2022":
        order = _munjal2022_shuffle(n_train, initial_set)
    else:
        path = SeedPath(suite_seed=suite_seed, initial_set=initial_set, purpose="split")
        order = path.permutation(n_train)
    left_out = no_images() if left_out is None else left_out
    order = order[~np.isin(order, left_out)]
    n_first = labeled_sizes(protocol, len(order))[0]
    n_initial = 0 if protocol.chooses_first_sets else n_first
    n_pool = len(order) - n_initial - validation_size(protocol, len(order))
    initial, pool, validation = np.split(order, [n_initial, n_initial + n_pool])
    return Split(initial, pool, validation, left_out)


def _require_sizes(protocol: Protocol, parts: Split, number: int) -> None:
    """Raises UsageError where a given split has other sizes than the protocol says."""
    n_images, keys = parts.n_images, protocol.schedule.keys
    n_initial, n_validation = len(parts.initial), len(parts.validation)
    absolute = absolute_sizes(protocol) is not None
    first = str(n_initial) if absolute else fraction_of(n_initial, n_images)
    listed = f"[{first}, …]" if keys.initial == keys.final else first
    for part, given, size, key, written in (
        ("initial", n_initial, labeled_sizes(protocol, n_images)[0], keys.initial, listed),
        (
            "validation",
            n_validation,
            validation_size(protocol, n_images),
            "validation_fraction",
            fraction_of(n_validation, n_images),
        ),
    ):
        if given != size:
            raise UsageError(
                f"the {part} part of given split {number} has {given} images, "
                f"protocol.{key} asks for {size}",
                where=_WHERE,
                remedy=f"Write {key} = {written}",
            )


def _munjal2022_shuffle(n_train: int, initial_set: int) -> NDArray[np.int64]:
    """The shuffle of the published code, ``al_utils/data.py`` of TorchAL."""
    if n_train != MUNJAL2022_TRAIN_IMAGES:
        raise UsageError(
            f"the partitions 'munjal2022' are of {MUNJAL2022_TRAIN_IMAGES} training images, "
            f"the dataset has {n_train}",
            where=_WHERE,
            remedy="Write a number of initial sets, such as initial_sets = 5",
        )
    state = np.random.RandomState(MUNJAL2022_SEEDS[initial_set])
    return state.permutation(n_train).astype(np.int64)

"""The budget schedule: how many images are labeled in each cycle."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from alharness.api.errors import UsageError

if TYPE_CHECKING:
    from alharness.protocol.suite.budgets import Budget
    from alharness.protocol.suite.protocol_table import Protocol

_REMEDY = "Use a larger dataset or larger fractions"

SPARED = Fraction(1, 10)
"""What each initial set leaves out where samplers choose it: else its repetitions would all choose
from the same images."""


def labeled_sizes(protocol: Protocol, n_images: int) -> tuple[int, ...]:
    """Number of labeled images in each cycle, cycle 0 (the initial set) first.

    Numbers of labels as they are written; of shares the nearest integer to share · ``n_images``,
    halves to even, without floating-point error. ``n_images`` counts the images that are in some
    set: labeled, pool and validation. Raises UsageError when ``n_images`` is too small: an empty
    initial set, a query of no image, or more labels than there are images beside the validation
    set and what is held out.
    """
    schedule = protocol.schedule
    sizes = tuple(_size(budget, n_images) for budget in schedule.cumulative)
    if sizes[0] < 1:
        raise UsageError(
            f"the initial set of {n_images} training images is empty",
            where=f"protocol.{schedule.keys.initial}",
            remedy=_REMEDY,
        )
    if any(later <= earlier for earlier, later in pairwise(sizes)):
        raise UsageError(
            f"a query of {n_images} training images is for no image",
            where=f"protocol.{schedule.keys.query}",
            remedy=_REMEDY,
        )
    left = _usable(protocol, n_images)
    if sizes[-1] > left:
        beside, others = "the validation set", "protocol.validation_fraction"
        if protocol.held_out:
            beside = f"{beside} and the {protocol.held_out} that are held out"
            others = f"{others} or protocol.held_out"
        raise UsageError(
            f"the last query wants {sizes[-1]} labeled images, but only {left} of {n_images} "
            f"training images are left beside {beside}",
            where=f"protocol.{schedule.keys.final}",
            remedy=f"Lower it, or {others}",
        )
    return sizes


def pool_sizes(protocol: Protocol, n_images: int) -> tuple[int, ...]:
    """Number of unlabeled images that each query of ``queried_sizes`` picks from.

    Raises UsageError as ``labeled_sizes`` does.
    """
    left = _usable(protocol, n_images)
    sizes = labeled_sizes(protocol, n_images)[:-1]
    return tuple(left - n for n in ((0, *sizes) if protocol.chooses_first_sets else sizes))


def queried_sizes(protocol: Protocol, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Number of images that each query is for, the first query's first; ``sizes`` as labeled.

    One more than there are cycles after cycle 0 where a query chooses the initial set.
    """
    before = (0, *sizes) if protocol.chooses_first_sets else sizes
    return tuple(later - earlier for earlier, later in pairwise(before))


def absolute_sizes(protocol: Protocol) -> tuple[int, ...] | None:
    """``labeled_sizes`` where they are the same for all data; None where they are shares."""
    sizes = tuple(one for one in protocol.schedule.cumulative if isinstance(one, int))
    return sizes or None


def validation_size(protocol: Protocol, n_images: int) -> int:
    """Number of validation images: the nearest integer to share · ``n_images``, halves to even.

    Raises UsageError when that is none, though some are asked for.
    """
    share, where = protocol.exact_validation_fraction, "protocol.validation_fraction"
    return _shared(share, n_images, "the validation set", where)


def held_back_size(protocol: Protocol, n_train: int) -> int:
    """Number of training images that are held back, as ``validation_size`` counts."""
    share, where = protocol.exact_held_back_fraction, "protocol.held_back_fraction"
    return _shared(share, n_train, "what is held back", where)


def spared_size(protocol: Protocol, n_images: int) -> int:
    """How many of ``n_images`` images each initial set leaves out, where samplers choose it.

    The nearest integer to a tenth, halves to even; 0 where it is drawn.
    """
    return round(SPARED * n_images) if protocol.chooses_first_sets else 0


def require_subset(pool_subset: int | None, queried: tuple[int, ...]) -> None:
    """Raises UsageError where a sampler would be shown fewer images than its query is for.

    ``queried`` as ``queried_sizes`` has it.
    """
    largest = max(queried)
    if pool_subset is not None and pool_subset < largest:
        raise UsageError(
            f"{pool_subset} images are fewer than the {largest} of the largest query",
            where="queries.pool_subset",
            remedy=f"Write {largest} or more, or leave it out",
        )


def fraction_of(size: int, n_images: int) -> str:
    """The shortest decimal fraction of ``n_images`` images that comes to ``size`` of them."""
    for digits in range(1, 9):
        written = f"{size / n_images:.{digits}f}"
        if round(Fraction(written) * n_images) == size:
            return written
    raise ValueError(f"no fraction of {n_images} is {size}")


def _usable(protocol: Protocol, n_images: int) -> int:
    """How many images can be labeled in the end."""
    return n_images - validation_size(protocol, n_images) - protocol.held_out


def _size(budget: Budget, n_images: int) -> int:
    return budget if isinstance(budget, int) else round(budget * n_images)


def _shared(share: Fraction, n_images: int, what: str, where: str) -> int:
    size = round(share * n_images)
    if share and size < 1:
        raise UsageError(
            f"{what} of {n_images} training images is empty", where=where, remedy=_REMEDY
        )
    return size

"""The budget schedule: how many images are labeled in each cycle."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from alharness.api.errors import UsageError

if TYPE_CHECKING:
    from alharness.protocol.suite.tables import Protocol

_REMEDY = "Use a larger dataset or larger fractions"


def labeled_sizes(protocol: Protocol, n_train: int) -> tuple[int, ...]:
    """Number of labeled images in each cycle, cycle 0 (the initial set) first.

    Cumulative: the nearest integer to fraction · ``n_train``, halves to even,
    without floating-point error. ``n_train`` counts all training images:
    labeled, pool and validation. Raises UsageError when ``n_train`` is too small:
    an empty initial set, a query of no image, or more labels than there are
    images outside the validation set.
    """
    sizes = tuple(round(fraction * n_train) for fraction in protocol.cumulative_fractions)
    if sizes[0] < 1:
        raise UsageError(
            f"the initial set of {n_train} training images is empty",
            where="protocol.initial_fraction",
            remedy=_REMEDY,
        )
    if any(later <= earlier for earlier, later in pairwise(sizes)):
        raise UsageError(
            f"a query of {n_train} training images is for no image",
            where="protocol.query_fraction",
            remedy=_REMEDY,
        )
    left = n_train - validation_size(protocol, n_train)
    if sizes[-1] > left:
        raise UsageError(
            f"the last query wants {sizes[-1]} labeled images, but only {left} of {n_train} "
            "training images are left beside the validation set",
            where="protocol.final_fraction",
            remedy="Lower it, or protocol.validation_fraction",
        )
    return sizes


def validation_size(protocol: Protocol, n_train: int) -> int:
    """Number of validation images: the nearest integer to fraction · ``n_train``, halves to even.

    Raises UsageError when that is none.
    """
    size = round(protocol.exact_validation_fraction * n_train)
    if size < 1:
        raise UsageError(
            f"the validation set of {n_train} training images is empty",
            where="protocol.validation_fraction",
            remedy=_REMEDY,
        )
    return size


def fraction_of(size: int, n_train: int) -> str:
    """The shortest decimal fraction of ``n_train`` images that comes to ``size`` of them."""
    for digits in range(1, 9):
        written = f"{size / n_train:.{digits}f}"
        if round(Fraction(written) * n_train) == size:
            return written
    raise ValueError(f"no fraction of {n_train} is {size}")

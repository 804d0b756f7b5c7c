"""Splits that somebody drew and gave, instead of splits that the suite's seed draws."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alharness.api.errors import UsageError
from alharness.protocol.keys import digest_arrays
from alharness.protocol.partition.splits import Split, no_images

_WHERE = "protocol.initial_sets"


@dataclass(frozen=True, eq=False)
class GivenSplits:
    """A split for each initial set, of the same training images.

    train_digest: of the images with their labels that they were drawn from; None where nobody
    noted it. Raises ValueError, in words, when there is none, or when one is not a split: each
    image in one of its four parts, and as many left out as in the others.
    """

    splits: tuple[Split, ...]
    train_digest: str | None = None

    def __post_init__(self) -> None:
        if not self.splits:
            raise ValueError("there is no initial set")
        for number, parts in enumerate(self.splits):
            _require_split(number, parts, self.splits[0])

    @property
    def n_train(self) -> int:
        """How many training images they are of."""
        return sum(map(len, _parts(self.splits[0]).values()))

    @property
    def n_images(self) -> int:
        """How many of them are in some set; the same in all splits."""
        return self.splits[0].n_images

    @cached_property
    def digest(self) -> str:
        """Of all indices in their order: what stands for them in a suite's digest."""
        return digest_arrays(
            **{
                f"{number}-{name}": part
                for number, parts in enumerate(self.splits)
                for name, part in _parts(parts).items()
                if name != "left_out" or len(part)
            }
        )

    def split(self, initial_set: int, n_train: int) -> Split:
        """That of an initial set. Raises UsageError when it is of another number of images."""
        if self.n_train != n_train:
            raise UsageError(
                f"the given splits are of {self.n_train} training images, the dataset has "
                f"{n_train}",
                where=_WHERE,
                remedy="Give splits of this dataset",
            )
        return self.splits[initial_set]

    def require_data(self, train_digest: str) -> None:
        """Raises UsageError when they were drawn from other data than that with this digest."""
        if self.train_digest is not None and self.train_digest != train_digest:
            raise UsageError(
                "the given splits were drawn from other images or labels than the dataset has",
                where=_WHERE,
                remedy="Give splits of this dataset",
            )


class DeclaredSplits(GivenSplits):
    """Given splits of which only digest and number are known, as a suite's declaration has them."""

    def __init__(self, digest: str, initial_sets: int) -> None:
        nothing = Split(*(no_images(),) * 3)
        super().__init__((nothing,) * initial_sets)
        self.__dict__["digest"] = digest

    def __post_init__(self) -> None:
        """They cannot be looked at."""

    def split(self, initial_set: int, n_train: int) -> Split:
        """Nobody knows them. Raises UsageError."""
        raise UsageError("the given splits are not here", where=_WHERE, remedy="Give their file")


def _parts(parts: Split) -> dict[str, NDArray[np.int64]]:
    names = ("initial", "pool", "validation", "left_out")
    return {name: getattr(parts, name) for name in names}


def _require_split(number: int, parts: Split, first: Split) -> None:
    n_train = sum(map(len, _parts(first).values()))
    for name, part in _parts(parts).items():
        if part.ndim != 1 or part.dtype != np.int64:
            raise ValueError(f"the {name} part of split {number} is no list of whole numbers")
    everything = np.concatenate(list(_parts(parts).values()))
    if len(everything) != n_train:
        raise ValueError(f"split {number} has {len(everything)} images, split 0 has {n_train}")
    if len(parts.left_out) != len(first.left_out):
        raise ValueError(
            f"split {number} leaves out {len(parts.left_out)} images, split 0 leaves out "
            f"{len(first.left_out)}"
        )
    outside = everything[(everything < 0) | (everything >= n_train)]
    if len(outside):
        raise ValueError(
            f"split {number} names image {outside[0]}; of {n_train} images in its parts the "
            f"numbers are 0 to {n_train - 1}"
        )
    times = np.bincount(everything, minlength=n_train)
    if times.max() > 1:
        raise ValueError(f"split {number} has image {times.argmax()} {times.max()} times")

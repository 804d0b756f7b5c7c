"""Listed images: files that official lists assign to splits and classes."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness


class ListedImagesParameters(alharness.Parameters):
    """Parameters that all of them have."""

    side: int = Field(
        224, ge=1, description="images become side x side: shorter side scaled, centre kept"
    )
    limit: int | None = Field(
        None, ge=1, description="use only so many images of each class and split, the first listed"
    )
    test_limit: int | None = Field(
        None, ge=1, description="use only so many test images of each class; absent: as limit"
    )
    decode_up_to: int = Field(
        2048, ge=0, description="MiB of decoded images; more are decoded when they are needed"
    )


@dataclass(frozen=True)
class Archive:
    """An official file: its path below the data folder, its published MD5 sum, where it is.

    into: where a tar archive is unpacked, a path below the data folder; None for other files.
    """

    name: str
    md5: str
    url: str
    into: str | None = None


@dataclass(frozen=True)
class Listed:
    """Images of a split in the order of its list: paths below the data folder, classes from 0."""

    names: Sequence[str]
    labels: Sequence[int]

    def first_of_each(self, limit: int | None) -> Listed:
        """So many images of each class at most, the first ones."""
        seen: Counter[int] = Counter()
        kept = []
        for name, label in zip(self.names, self.labels, strict=True):
            seen[label] += 1
            if limit is None or seen[label] <= limit:
                kept.append((name, label))
        return Listed([name for name, _ in kept], [label for _, label in kept])


def by_class(
    train: Iterable[tuple[str, str]], test: Iterable[tuple[str, str]]
) -> tuple[Listed, Listed]:
    """Both splits of (path, class) pairs; classes are those of the training images, by name.

    Raises ValueError for a test image of another class.
    """
    train, test = list(train), list(test)
    numbers = {name: number for number, name in enumerate(sorted({one for _, one in train}))}
    for path, name in test:
        if name not in numbers:
            raise ValueError(f"no training image is of the class of '{path}', {name}")
    first, second = (
        Listed([path for path, _ in split], [numbers[name] for _, name in split])
        for split in (train, test)
    )
    return first, second


class ListedImages(alharness.Dataset):
    """Colour images, decoded once where they fit in memory.

    The official order, to which index sets refer, is that of the lists. Names and published sums
    say which data it is: an image file that was exchanged by hand is not noticed.
    """

    name: str
    n_classes: int
    archives: Sequence[Archive] = ()

    def __init__(
        self, side: int, limit: int | None, test_limit: int | None, decode_up_to: int
    ) -> None:
        self.framing = alharness.Framing(side)
        self.limits = (limit, limit if test_limit is None else test_limit)
        self.decode_up_to = decode_up_to

    @property
    @abstractmethod
    def sizes(self) -> tuple[int, int]:
        """How many training and test images the official lists name."""

    @abstractmethod
    def required(self) -> Sequence[str]:
        """Files and folders below the data folder that have to be there, beside the images."""

    @abstractmethod
    def lists(self, root: Path) -> tuple[Listed, Listed]:
        """Training and test images. Raises OSError or ValueError for lists that cannot be read."""

    def load(self, root: Path, download: bool) -> alharness.LabeledImages:
        try:
            train, test = self._whole(root)
        except alharness.UsageError:
            if not download or not self.archives:
                raise
            self._obtain(root)
            train, test = self._whole(root)
        return alharness.LabeledImages(
            self._images(root, train),
            np.asarray(train.labels, dtype=np.int64),
            self._images(root, test),
            np.asarray(test.labels, dtype=np.int64),
            n_classes=self.n_classes,
            train_names=train.names,
            test_names=test.names,
        )

    def missing(self, root: Path) -> alharness.UsageError | None:
        absent = (name for name in self.required() if not (root / name).exists())
        name = next(absent, None)
        return None if name is None else self.unusable(root, f": there is no '{name}'")

    def sources(self) -> list[str]:
        return [archive.url for archive in self.archives]

    def unusable(self, root: Path, why: str) -> alharness.UsageError:
        """The error to raise where nothing may be fetched; ``why`` continues its sentence."""
        return alharness.OfficialFiles(self.name, root).unusable(why)

    def _whole(self, root: Path) -> tuple[Listed, Listed]:
        """What is used of both splits, all of it there. Raises UsageError when it is not."""
        if missing := self.missing(root):
            raise missing
        try:
            splits = self.lists(root)
        except (OSError, ValueError) as error:
            raise self.unusable(root, f", or is damaged ({error})") from error
        self._require_all(root, splits)
        train, test = map(Listed.first_of_each, splits, self.limits)
        for name in (*train.names, *test.names):
            if not (root / name).is_file():
                raise self.unusable(root, f": there is no '{name}'")
        return train, test

    def _require_all(self, root: Path, splits: tuple[Listed, Listed]) -> None:
        """Raises UsageError when the lists do not have what they officially do."""
        train, test = splits
        found = len(set(train.names)), len(set(test.names)), len(set(train.labels))
        if found != (*self.sizes, self.n_classes):
            raise self.unusable(
                root,
                f", or is damaged (it has {found[0]} training and {found[1]} test images of "
                f"{found[2]} classes, not {self.sizes[0]} and {self.sizes[1]} of {self.n_classes})",
            )

    def _obtain(self, root: Path) -> None:
        """Fetch what is not there, and unpack it."""
        official = alharness.OfficialFiles(self.name, root)
        for archive in self.archives:
            official.fetch(archive.name, archive.md5, [archive.url])
            if archive.into is not None:
                official.unpack(archive.name, archive.into)

    def _images(self, root: Path, split: Listed) -> NDArray[np.uint8] | alharness.ImageFiles:
        paths = [root / name for name in split.names]
        return alharness.ImageFiles(paths, self.framing).in_memory(self.decode_up_to)


def even_shape(
    n_classes: int,
    trained: int,
    tested: int,
    *,
    side: int,
    limit: int | None,
    test_limit: int | None,
    **others: object,
) -> alharness.DatasetShape:
    """What is declared of classes that have so many training and test images each."""
    n_train = n_classes * min(trained, limit or trained)
    n_test = n_classes * min(tested, test_limit or limit or tested)
    return alharness.DatasetShape(n_train, n_test, n_classes, 3, side)


def lines_of(path: Path) -> list[str]:
    """Of a text file. Raises ValueError, naming it, for what is no text in UTF-8; OSError."""
    try:
        return path.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"'{path.name}' is no text in UTF-8") from error

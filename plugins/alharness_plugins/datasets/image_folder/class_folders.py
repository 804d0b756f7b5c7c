"""Class folders: images in a folder per class below a folder per split."""

from __future__ import annotations

import unicodedata
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import alharness
from alharness_plugins.datasets.image_folder.split_folder import SplitFolder, look


class ClassFolders(alharness.Dataset):
    """Images in RGB. Classes are the training split's folders in alphabetical order.

    The official order, to which index sets refer, is by class, then by file name.
    """

    name: str
    splits: tuple[str, str]
    suffix: str
    framing: alharness.Framing

    def __init__(self, path: str, limit: int | None, test_limit: int | None) -> None:
        self.path = path
        self.limits = (limit, limit if test_limit is None else test_limit)

    def load(self, root: Path, download: bool) -> alharness.LabeledImages:
        train, test = self._used(root)
        paths = [self._paths(split) for split in (train, test)]
        names = [[path.relative_to(root / self.path).as_posix() for path in one] for one in paths]
        return alharness.LabeledImages(
            self.training_pictures(paths[0]),
            self._labels(train, train),
            self.test_pictures(paths[1]),
            self._labels(test, train),
            n_classes=len(train.images),
            train_names=names[0],
            test_names=names[1],
        )

    def missing(self, root: Path) -> alharness.UsageError | None:
        absent = (folder for folder in self.folders(root) if not folder.is_dir())
        folder = next(absent, None)
        return None if folder is None else self._no_folder(folder)

    def census(self, root: Path) -> Sequence[str]:
        """Images of each class, what is passed over and kept, classes without test images."""
        train, test = self._used(root)
        lines = [*train.lines(), *test.lines()]
        there = {_composed(name) for name, files in test.images.items() if files}
        absent = [name for name in train.images if _composed(name) not in there]
        if absent:
            more = f" and {len(absent) - 3} more classes" if len(absent) > 3 else ""
            lines.append(
                f"{test.path.name}: no image of {', '.join(absent[:3])}{more}: accuracy says "
                "nothing of them"
            )
        if (side := self.framing.kept_side) is not None:
            lines.append(f"files of more than {side} pixels are kept as JPEGs of this shorter side")
        return lines

    def shape(self, root: Path) -> alharness.DatasetShape:
        """Numbers of images and of classes, as ``census`` tells them."""
        train, test = self._used(root)
        n_train, n_test = len(self._paths(train)), len(self._paths(test))
        return alharness.DatasetShape(n_train, n_test, len(train.images))

    @abstractmethod
    def training_pictures(self, paths: list[Path]) -> NDArray[np.uint8] | alharness.ImageFiles:
        """The training images in these files."""

    @abstractmethod
    def test_pictures(self, paths: list[Path]) -> NDArray[np.uint8] | alharness.ImageFiles:
        """The test images in these files."""

    def folders(self, root: Path) -> list[Path]:
        """Those of the training and of the test split."""
        return [root / self.path / split for split in self.splits]

    def _used(self, root: Path) -> tuple[SplitFolder, SplitFolder]:
        """Both splits. Raises UsageError for what no dataset can be made of."""
        if missing := self.missing(root):
            raise missing
        train, test = map(look, self.folders(root), self.limits)
        if len(train.images) < 2:
            raise self._unusable(
                f"'{train.path}' holds {len(train.images)} class folders, not 2 or more"
            )
        for name, files in train.images.items():
            if not files:
                passed_over = train.passed_over_in(name)
                raise alharness.UsageError(
                    f"class '{name}' has no training image"
                    + (f" ({passed_over})" if passed_over else ""),
                    where=f"dataset '{self.name}'",
                    remedy=f"Put images into '{train.path / name}' itself, or remove the folder",
                )
        for split in (train, test):
            self._require_distinct(split)
        if strange := sorted(set(_by_composed(test)) - set(_by_composed(train))):
            raise self._unusable(
                f"'{test.path}' holds the class '{strange[0]}', {train.path.name} does not"
            )
        if not any(test.images.values()):
            raise self._unusable(f"'{test.path}' holds no image")
        return train, test

    def _require_distinct(self, split: SplitFolder) -> None:
        if len(_by_composed(split)) < len(split.images):
            twice = [name for name in split.images if _by_composed(split)[_composed(name)] != name]
            raise self._unusable(
                f"'{split.path}' holds the class '{twice[0]}' twice, in two spellings of Unicode"
            )

    def _paths(self, split: SplitFolder) -> list[Path]:
        return [split.path / name / file for name, files in split.used.items() for file in files]

    def _labels(self, split: SplitFolder, train: SplitFolder) -> NDArray[np.int64]:
        numbers = {_composed(name): number for number, name in enumerate(train.images)}
        labels = [numbers[_composed(name)] for name, files in split.used.items() for _ in files]
        return np.asarray(labels, dtype=np.int64)

    def _no_folder(self, folder: Path) -> alharness.UsageError:
        return self._unusable(f"there is no folder '{folder.name}' in '{folder.parent}'")

    def _unusable(self, what: str) -> alharness.UsageError:
        train, test = (f"{split}/CLASS/*{self.suffix}" for split in self.splits)
        below = "--data-dir" if self.path == "." else f"'{self.path}' in --data-dir"
        return alharness.UsageError(
            what,
            where=f"dataset '{self.name}'",
            remedy=f"Lay images out as {train} and {test} below {below}",
        )


def _composed(name: str) -> str:
    """A class's name in one spelling: macOS and Linux write ``é`` in different bytes."""
    return unicodedata.normalize("NFC", name)


def _by_composed(split: SplitFolder) -> Mapping[str, str]:
    return {_composed(name): name for name in split.images}

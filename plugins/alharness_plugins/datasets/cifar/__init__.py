"""``cifar10`` and ``cifar100``: the datasets of the paper, read by torchvision."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness_plugins.datasets.cifar.class_folders import (
    has_class_folders,
    load_files,
    used_files,
)

if TYPE_CHECKING:
    from torchvision.datasets import CIFAR10


class CifarParameters(alharness.Parameters):
    """Parameters of ``cifar10`` and ``cifar100``."""

    limit: int | None = Field(
        None, ge=1, description="use only the first images of each split, in the official order"
    )
    test_limit: int | None = Field(
        None, ge=1, description="use only the first test images; absent: as limit"
    )
    as_files: bool = Field(
        False,
        description="where the archive is absent, take image files from a folder per class, "
        "train/CLASS and test/CLASS: they are in another order than the official one",
    )


class Cifar(alharness.Dataset):
    """50 000 training and 10 000 test images of 32 x 32, in the official order."""

    name: str
    n_classes: int
    batches: tuple[str, ...]

    def __init__(self, limit: int | None, test_limit: int | None, as_files: bool) -> None:
        self.limits = limit, limit if test_limit is None else test_limit
        self.as_files = as_files

    def load(self, root: Path, download: bool) -> alharness.LabeledImages:
        if self._is_in_files(root):
            return load_files(root, self.n_classes, self.limits, self.name)
        reader = self._reader()
        official = alharness.OfficialFiles(self.name, root)
        files = [*reader.train_list, *reader.test_list]
        damaged = official.damaged((f"{reader.base_folder}/{name}", md5) for name, md5 in files)
        if damaged and not download:
            raise damaged
        if damaged:
            official.fetch(reader.filename, reader.tgz_md5, [reader.url])
        # Of what was fetched torchvision unpacks the archive.
        train, test = (reader(str(root), train=train, download=download) for train in (True, False))
        return alharness.LabeledImages(
            *_first(self.limits[0], train),
            *_first(self.limits[1], test),
            n_classes=self.n_classes,
        )

    def missing(self, root: Path) -> alharness.UsageError | None:
        if self._is_in_files(root):
            return None
        absent = (batch for batch in self.batches if not (root / batch).is_file())
        batch = next(absent, None)
        return None if batch is None else alharness.OfficialFiles(self.name, root).absent(batch)

    def files(self, root: Path) -> list[Path]:
        """Those of the folders; none for the archive, whose content is known."""
        return used_files(root, self.limits) if self._is_in_files(root) else []

    def census(self, root: Path) -> list[str]:
        if not self._is_in_files(root):
            return []
        return [
            f"image files of {self.n_classes} classes in '{root}', by class and name: the official "
            "order is not known, and index sets of the archive do not apply"
        ]

    def _is_in_files(self, root: Path) -> bool:
        """Whether there are class folders, and no archive, which comes first."""
        archive = any((root / batch).is_file() for batch in self.batches)
        return self.as_files and not archive and has_class_folders(root)

    def sources(self) -> list[str]:
        return [self._reader().url]

    def _reader(self) -> type[CIFAR10]:
        from torchvision import datasets

        reader: type[CIFAR10] = getattr(datasets, self.name.upper())
        return reader


class Cifar10(Cifar):
    """CIFAR-10.

    In the official order classes are mixed: of the first 10 000 training images each class has
    about, not exactly, a thousand.
    """

    name = "cifar10"
    n_classes = 10
    batches = (
        *(f"cifar-10-batches-py/data_batch_{number}" for number in range(1, 6)),
        "cifar-10-batches-py/test_batch",
    )


class Cifar100(Cifar):
    """CIFAR-100, its 100 fine classes; in the official order they are mixed."""

    name = "cifar100"
    n_classes = 100
    batches = ("cifar-100-python/train", "cifar-100-python/test")


def _first(limit: int | None, split: CIFAR10) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    images = np.ascontiguousarray(split.data[:limit].transpose(0, 3, 1, 2))
    return images, np.asarray(split.targets[:limit], dtype=np.int64)


def declared(
    n_classes: int, limit: int | None, test_limit: int | None, as_files: bool
) -> alharness.DatasetShape:
    """50 000 + 10 000 colour images of 32 x 32, or the first ones."""
    n_train = min(50_000, limit or 50_000)
    n_test = min(10_000, test_limit or limit or 10_000)
    return alharness.DatasetShape(n_train, n_test, n_classes, 3, 32)


@alharness.hookimpl
def alharness_datasets() -> Iterator[alharness.DatasetSpec]:
    citation = "Krizhevsky (2009), Learning Multiple Layers of Features from Tiny Images"
    yield alharness.DatasetSpec(
        "cifar10",
        Cifar10,
        summary="CIFAR-10: 32 x 32 colour, 10 classes, 50 000 + 10 000 images",
        citation=citation,
        requires="The official archive below `--data-dir`, or `--download`.",
        cost="170 MB to download; 180 MB in the workspace.",
        parameters=CifarParameters,
        declares=partial(declared, 10),
    )
    yield alharness.DatasetSpec(
        "cifar100",
        Cifar100,
        summary="CIFAR-100: 32 x 32 colour, 100 classes, 50 000 + 10 000 images",
        citation=citation,
        requires="The official archive below `--data-dir`, or `--download`.",
        cost="170 MB to download; 180 MB in the workspace.",
        parameters=CifarParameters,
        declares=partial(declared, 100),
    )

"""CIFAR as image files: a folder per class below ``train`` and ``test``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import alharness

SIDE = 32
IMAGES = frozenset({".jpg", ".jpeg", ".png"})


def has_class_folders(root: Path) -> bool:
    """Whether both splits have class folders."""
    return all(_classes(root / split) for split in ("train", "test"))


def load_files(
    root: Path, n_classes: int, limits: tuple[int | None, int | None], name: str
) -> alharness.LabeledImages:
    """The images in class folders, class after class, each by name.

    Of a limit each class has an equal share. Raises UsageError for other classes than the
    training ones, or another number of them.
    """
    train, test = root / "train", root / "test"
    classes = _classes(train)
    if len(classes) != n_classes or _classes(test) != classes:
        raise alharness.UsageError(
            f"{len(classes)} class folders in train and {len(_classes(test))} in test, expected "
            f"the same {n_classes} in both",
            where=f"dataset '{name}', {root}",
            remedy="Give the folder of the whole data with --data-dir",
        )
    return alharness.LabeledImages(
        *_split(train, limits[0]), *_split(test, limits[1]), n_classes=n_classes
    )


def used_files(root: Path, limits: tuple[int | None, int | None]) -> list[Path]:
    """The files that ``load_files`` reads."""
    splits = zip(("train", "test"), limits, strict=True)
    return [
        path for split, limit in splits for files in _files(root / split, limit) for path in files
    ]


def _split(folder: Path, limit: int | None) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    files = _files(folder, limit)
    labels = np.repeat(np.arange(len(files)), [len(one) for one in files])
    paths = [path for of_class in files for path in of_class]
    pictures = alharness.ImageFiles(paths, alharness.Framing(SIDE))
    images = np.stack([pictures.read(number)[1] for number in range(len(paths))])
    return images, labels.astype(np.int64)


def _files(folder: Path, limit: int | None) -> list[list[Path]]:
    """The first files of each class, sorted by class and name."""
    classes = _classes(folder)
    share = None if limit is None else max(1, limit // len(classes))
    return [
        sorted(path for path in (folder / name).iterdir() if path.suffix.lower() in IMAGES)[:share]
        for name in classes
    ]


def _classes(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.is_dir())

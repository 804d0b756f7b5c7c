"""``image-folder``: one's own images, in a folder per class below ``train/`` and ``test/``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})


class ImageFolderParameters(alharness.Parameters):
    """Parameters of ``image-folder``."""

    path: str = Field(".", description="the folder that holds train/ and test/, below --data-dir")
    side: int = Field(
        32, ge=1, description="images become side x side: shorter side scaled, centre kept"
    )
    limit: int | None = Field(
        None, ge=1, description="use only so many images of each class and split, for trying out"
    )
    decode_up_to: int = Field(
        4096, ge=0, description="MiB of decoded images; more are decoded when they are needed"
    )


class ImageFolder(alharness.Dataset):
    """Images in RGB. Classes are the folders of ``train/`` in alphabetical order.

    The official order, to which index sets refer, is by class, then by file name.
    """

    def __init__(
        self,
        path: str = ".",
        side: int = 32,
        limit: int | None = None,
        decode_up_to: int = 4096,
    ) -> None:
        self.path = path
        self.side = side
        self.limit = limit
        self.decode_up_to = decode_up_to

    def fingerprint(self, root: Path) -> str:
        """Digest of names, sizes and times of all files; of nothing when the folder is gone."""
        hasher = hashlib.blake2b(digest_size=16)
        for path in sorted((root / self.path).glob("*/*/*")):
            about = path.stat()
            name = path.relative_to(root / self.path).as_posix()
            hasher.update(f"{name}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
        return hasher.hexdigest()

    def load(self, root: Path, download: bool) -> alharness.LabeledImages:
        folder = root / self.path
        classes = self._classes(folder)
        train, test = (self._files(folder / split, classes) for split in ("train", "test"))
        return alharness.LabeledImages(
            self._pictures(train[0]),
            train[1],
            self._pictures(test[0]),
            test[1],
            n_classes=len(classes),
        )

    def _classes(self, folder: Path) -> list[str]:
        for split in ("train", "test"):
            if not (folder / split).is_dir():
                raise _missing(f"there is no folder '{split}' in '{folder}'")
        classes = _folders(folder / "train")
        if len(classes) < 2:
            raise _missing(
                f"'{folder / 'train'}' holds {len(classes)} class folders, not 2 or more"
            )
        if strange := sorted(set(_folders(folder / "test")) - set(classes)):
            raise _missing(f"'{folder / 'test'}' holds the class '{strange[0]}', train does not")
        return classes

    def _files(self, folder: Path, classes: Sequence[str]) -> tuple[list[Path], NDArray[np.int64]]:
        paths: list[Path] = []
        labels: list[int] = []
        for label, name in enumerate(classes):
            images = sorted(_images(folder / name))[: self.limit]
            paths += images
            labels += [label] * len(images)
        if not paths:
            raise _missing(f"'{folder}' holds no image")
        return paths, np.asarray(labels, dtype=np.int64)

    def _pictures(self, paths: list[Path]) -> NDArray[np.uint8] | alharness.ImageFiles:
        files = alharness.ImageFiles(paths, self.side)
        if 3 * self.side**2 * len(paths) > self.decode_up_to << 20:
            return files
        with ThreadPoolExecutor() as threads:
            images = threads.map(lambda number: files.read(number)[1], range(len(paths)))
            return np.stack(list(images))


def _folders(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir() if one.is_dir())


def _images(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def _missing(what: str) -> alharness.UsageError:
    return alharness.UsageError(
        what,
        where="dataset 'image-folder'",
        remedy="Lay images out as train/CLASS/*.jpg and test/CLASS/*.jpg below --data-dir",
    )


@alharness.hookimpl
def alharness_datasets() -> Iterator[alharness.DatasetSpec]:
    yield alharness.DatasetSpec(
        "image-folder",
        ImageFolder,
        summary="Your own images: train/CLASS/*.jpg and test/CLASS/*.jpg",
        needs="Image files that Pillow reads, in a folder per class.",
        cost="Decoded once into the workspace, up to the size that fits in memory; beyond, "
        "decoded in every batch.",
        parameters=ImageFolderParameters,
    )

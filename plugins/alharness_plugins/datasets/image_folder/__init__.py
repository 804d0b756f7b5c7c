"""``image-folder`` and ``imagenet``: images in a folder per class below a folder per split."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator

import alharness
from alharness_plugins.datasets.image_folder.class_folders import ClassFolders
from alharness_plugins.datasets.image_folder.split_folder import look


class ImageFolderParameters(alharness.Parameters):
    """Parameters of ``image-folder``."""

    path: str = Field(".", description="the folder that holds train/ and test/, below --data-dir")
    side: int = Field(
        32, ge=1, description="images become side x side: shorter side scaled, centre kept"
    )
    limit: int | None = Field(
        None, ge=1, description="use only so many images of each class and split, by name the first"
    )
    test_limit: int | None = Field(
        None, ge=1, description="use only so many test images of each class; absent: as limit"
    )
    decode_up_to: int = Field(
        4096, ge=0, description="MiB of decoded images; more are decoded when they are needed"
    )
    kept_side: int = Field(
        0, ge=0, description="larger files are kept as JPEGs of this shorter side; 0: as they are"
    )

    @field_validator("kept_side")
    @classmethod
    def _shows_all(cls, kept_side: int, others: ValidationInfo) -> int:
        return required(kept_side, others.data.get("side", 0))


class ImageFolder(ClassFolders):
    """One's own images, decoded once where they fit in memory.

    Used are files in class folders whose extension is that of an image; hidden files and
    folders, and folders below class folders, are passed over. ``plan`` and ``bench`` say how many
    images each class has and what they passed over. Each class needs a training image. Images
    are decoded as ``alharness.decoded`` does:
    12 and 16 bits are scaled, transparent ones lie on white, and a camera's orientation is applied.

    With a ``kept_side``, of ``side`` or more, files whose shorter side is longer are kept in the
    workspace scaled down to it, as JPEGs of quality 90: they are decoded much faster, and pixels
    differ a little. It makes a difference where images do not fit in memory.
    """

    name = "image-folder"
    splits = ("train", "test")
    suffix = ".jpg"

    def __init__(
        self,
        path: str,
        side: int,
        limit: int | None,
        test_limit: int | None,
        decode_up_to: int,
        kept_side: int,
    ) -> None:
        super().__init__(path, limit, test_limit)
        self.framing = alharness.Framing(side, kept_side=kept_side or None)
        self.decode_up_to = decode_up_to

    def files(self, root: Path) -> list[Path]:
        """The images of all classes of both splits."""
        return [
            split.path / name / file
            for split in map(look, self.folders(root))
            for name, files in split.images.items()
            for file in files
        ]

    def fingerprint(self, root: Path) -> str:
        """Digest of the classes' names, since a class may have no image."""
        names = [list(look(split).images) for split in self.folders(root)]
        return hashlib.blake2b(repr(names).encode(), digest_size=16).hexdigest()

    def training_pictures(self, paths: list[Path]) -> NDArray[np.uint8] | alharness.ImageFiles:
        """Decoded, unless they are too many."""
        return alharness.ImageFiles(paths, self.framing).in_memory(self.decode_up_to)

    test_pictures = training_pictures


N_CLASSES = 1_000
"""Of ImageNet."""

SIDE, SCALED_SIDE = 224, 256


class ImageNetParameters(alharness.Parameters):
    """Parameters of ``imagenet``."""

    path: str = Field(
        "imagenet", description="the folder that holds train/ and val/, below --data-dir"
    )
    limit: int | None = Field(
        None, ge=1, description="use only so many images of each class and split, by name the first"
    )
    test_limit: int | None = Field(
        None, ge=1, description="use only so many test images of each class; absent: as limit"
    )
    kept_side: int = Field(
        SCALED_SIDE,
        ge=0,
        description="larger files are kept as JPEGs of this shorter side; 0: as they are",
    )

    @field_validator("kept_side")
    @classmethod
    def _shows_all(cls, kept_side: int) -> int:
        return required(kept_side, SCALED_SIDE)


class ImageNet(ClassFolders):
    """ImageNet (ILSVRC 2012), decoded when needed; the official validation images are the test.

    Laid out as is usual for PyTorch: ``train/<wnid>/*.JPEG`` and ``val/<wnid>/*.JPEG``, the
    validation images sorted into their classes' folders. Fewer classes are a smaller
    dataset. It must be fetched by hand: image-net.org asks for consent.

    Trained on are random resized crops of 224 x 224 (8 to 100 % of the area, aspect ratio 3/4
    to 4/3) that are mirrored half of the time, so that a suite needs no ``flip-crop``;
    everything else sees the centre of 224 x 224 after the shorter side is scaled to 256. Munjal et
    al. (2022) name the two training transforms only; ranges and sizes are the usual ones, those
    of torchvision's reference training.

    The workspace keeps files whose shorter side is longer than ``kept_side`` scaled down to it, as
    JPEGs of quality 90, which are decoded much faster: crops are cut from these. That is
    otherwise than in torchvision's reference training: small parts of large photographs are
    less sharp. ``kept_side = 0`` keeps the files as they are, 144 GB, and crops are cut from
    the whole photographs.
    """

    name = "imagenet"
    splits = ("train", "val")
    suffix = ".JPEG"

    def __init__(
        self, path: str, limit: int | None, test_limit: int | None, kept_side: int
    ) -> None:
        super().__init__(path, limit, test_limit)
        self.test_framing = alharness.Framing(SIDE, SCALED_SIDE, kept_side=kept_side or None)
        self.framing = replace(self.test_framing, training_view=alharness.RandomView())

    def fingerprint(self, root: Path) -> str:
        """Digest of the class folders and their times, which change with the files' names.

        It stands for the content of the files, which are too many to look at every time.
        """
        hasher = hashlib.blake2b(digest_size=16)
        base = root / self.path
        for folder in sorted(base.glob("*/*/")):
            about = folder.stat()
            name = folder.relative_to(base).as_posix()
            hasher.update(f"{name}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
        return hasher.hexdigest()

    def census(self, root: Path) -> Sequence[str]:
        """That of class folders, and what its fingerprint does not notice."""
        unnoticed = "a file whose content changes in place, under the same name, is not noticed"
        return [*super().census(root), unnoticed]

    def training_pictures(self, paths: list[Path]) -> alharness.ImageFiles:
        """Random views while a model is trained on them, else the centre."""
        return alharness.ImageFiles(paths, self.framing)

    def test_pictures(self, paths: list[Path]) -> alharness.ImageFiles:
        """The centre."""
        return alharness.ImageFiles(paths, self.test_framing)


def declared_folder(side: int, **others: object) -> alharness.DatasetShape:
    """Colour images of the side that its parameter says."""
    return alharness.DatasetShape(channels=3, image_size=side)


def required(kept_side: int, shown: int) -> int:
    """A side that files are kept at. Raises ValueError for one that shows less than is needed."""
    if 0 < kept_side < shown:
        raise ValueError(f"should be {shown} or more, or 0 for files as they are")
    return kept_side


def declared(
    path: str, limit: int | None, test_limit: int | None, kept_side: int
) -> alharness.DatasetShape:
    """The official dataset. Its smallest class has 732 training images, its test has 50 of each."""
    n_train = 1_281_167 if limit is None else N_CLASSES * limit if limit <= 732 else None
    n_test = N_CLASSES * min(50, test_limit or limit or 50)
    return alharness.DatasetShape(n_train, n_test, N_CLASSES, 3, SIDE)


@alharness.hookimpl
def alharness_datasets() -> Iterator[alharness.DatasetSpec]:
    yield alharness.DatasetSpec(
        "image-folder",
        ImageFolder,
        summary="Your own images: train/CLASS/*.jpg and test/CLASS/*.jpg",
        requires="Image files that Pillow reads, in a folder per class.",
        cost="Decoded once into the workspace, up to the size that fits in memory; beyond, "
        "decoded in every batch.",
        parameters=ImageFolderParameters,
        declares=declared_folder,
    )
    yield alharness.DatasetSpec(
        "imagenet",
        ImageNet,
        summary="ImageNet: 224 x 224 colour, up to 1 000 classes, 1 281 167 + 50 000 images",
        citation="Russakovsky et al. (2015), ImageNet Large Scale Visual Recognition Challenge",
        requires="train/WNID/*.JPEG and val/WNID/*.JPEG below `--data-dir`.",
        cost="Scaled copies of all files in the workspace, about a quarter of their size; each "
        "image is decoded in every epoch.",
        parameters=ImageNetParameters,
        declares=declared,
    )

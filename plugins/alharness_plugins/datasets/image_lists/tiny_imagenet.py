"""``tiny-imagenet``: Tiny ImageNet, whose validation images are labeled by a text file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import Field

import alharness
from alharness_plugins.datasets.image_lists.listed_images import (
    Listed,
    ListedImages,
    ListedImagesParameters,
    by_class,
    even_shape,
    lines_of,
)

URL = "http://cs231n.stanford.edu/tiny-imagenet-200.zip"
N_CLASSES, TRAINED, TESTED = 200, 500, 50
"""Classes, and images of each in both splits."""


class TinyImageNetParameters(ListedImagesParameters):
    """Parameters of ``tiny-imagenet``."""

    path: str = Field(
        "tiny-imagenet-200", description="the folder that holds train/ and val/, below --data-dir"
    )
    side: int = Field(
        64, ge=1, description="images become side x side: shorter side scaled, centre kept"
    )


class TinyImageNet(ListedImages):
    """Tiny ImageNet: 200 classes, 100 000 training and 10 000 test images of 64 x 64.

    The official validation images are the test, since nobody has the labels of the official test;
    published protocols do the same.

    Files lie as ``tiny-imagenet-200.zip`` has them: ``train/WNID/images/*.JPEG``,
    ``val/images/*.JPEG``, ``val/val_annotations.txt`` and ``wnids.txt``. It must be fetched by
    hand, since its publisher names no sum of the archive. Training images are in the order by
    class, then by file name, test images in that of their list.
    """

    name = "tiny-imagenet"
    n_classes = N_CLASSES

    def __init__(self, path: str, **shared: Any) -> None:
        super().__init__(**shared)
        self.path = path

    @property
    def sizes(self) -> tuple[int, int]:
        return N_CLASSES * TRAINED, N_CLASSES * TESTED

    def required(self) -> Sequence[str]:
        names = ("wnids.txt", "train", "val/val_annotations.txt", "val/images")
        return [f"{self.path}/{name}" for name in names]

    def lists(self, root: Path) -> tuple[Listed, Listed]:
        base = root / self.path
        train = [
            (f"{self.path}/train/{name}/images/{image.name}", name)
            for name in sorted(lines_of(base / "wnids.txt"))
            for image in sorted((base / "train" / name / "images").glob("*.JPEG"))
        ]
        test = map(self._annotated, lines_of(base / "val" / "val_annotations.txt"))
        return by_class(train, test)

    def _annotated(self, line: str) -> tuple[str, str]:
        """A line holds an image's name, its class and the edges of a box."""
        name, tab, rest = line.partition("\t")
        if not tab:
            raise ValueError(f"'val_annotations.txt' has the line '{line[:80]}', not IMAGE, WNID")
        return f"{self.path}/val/images/{name}", rest.split("\t")[0]

    def unusable(self, root: Path, why: str) -> alharness.UsageError:
        return alharness.UsageError(
            f"{self.name} is not in '{root}'{why}",
            where=f"dataset '{self.name}'",
            remedy=f"Unpack {URL} there, or point --data-dir at the folder that holds it",
        )


declared = partial(even_shape, N_CLASSES, TRAINED, TESTED)
"""As the publisher says."""

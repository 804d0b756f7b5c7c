"""``svhn``: street view house numbers, cropped digits, read by torchvision."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness

FILES = ("train_32x32.mat", "test_32x32.mat")


class SvhnParameters(alharness.Parameters):
    """Parameters of ``svhn``."""

    limit: int | None = Field(
        None, ge=1, description="use only the first images of each split, for trying things out"
    )


class Svhn(alharness.Dataset):
    """73 257 training and 26 032 test images of 32 x 32, in the official order.

    The 531 131 easier images of ``extra`` are not used. The files' label 10 is digit 0, class 0.
    """

    def __init__(self, limit: int | None) -> None:
        self.limit = limit

    def load(self, root: Path, download: bool) -> alharness.LabeledImages:
        train, test = (self._split(root, download, split) for split in ("train", "test"))
        return alharness.LabeledImages(*train, *test, n_classes=10)

    def missing(self, root: Path) -> alharness.UsageError | None:
        name = next((name for name in FILES if not (root / name).is_file()), None)
        return None if name is None else alharness.OfficialFiles("svhn", root).absent(name)

    def sources(self) -> list[str]:
        from torchvision.datasets import SVHN

        return [SVHN.split_list[split][0] for split in ("train", "test")]

    def _split(
        self, root: Path, download: bool, split: str
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        from torchvision.datasets import SVHN

        official = alharness.OfficialFiles("svhn", root)
        url, name, md5 = SVHN.split_list[split]
        damaged = official.damaged([(name, md5)])
        if damaged and not download:
            raise damaged
        if damaged:
            official.fetch(name, md5, [url])
        digits = SVHN(str(root), split=split)
        return np.ascontiguousarray(digits.data[: self.limit]), digits.labels[: self.limit]


def declared(limit: int | None) -> alharness.DatasetShape:
    """All images, or the first ones."""
    n_train, n_test = (min(n, limit or n) for n in (73_257, 26_032))
    return alharness.DatasetShape(n_train, n_test, 10, 3, 32)


@alharness.hookimpl
def alharness_datasets() -> Iterator[alharness.DatasetSpec]:
    yield alharness.DatasetSpec(
        "svhn",
        Svhn,
        summary="SVHN: 32 x 32 colour, 10 classes, 73 257 + 26 032 images",
        citation="Netzer et al. (2011), Reading Digits in Natural Images with Unsupervised "
        "Feature Learning",
        requires="The official files below `--data-dir`, or `--download`.",
        cost="250 MB to download; 300 MB in the workspace.",
        parameters=SvhnParameters,
        declares=declared,
    )

"""``mnist``: handwritten digits, from the four official files."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness

FILES = tuple(
    f"MNIST/raw/{split}-{part}-ubyte.gz"
    for split in ("train", "t10k")
    for part in ("images-idx3", "labels-idx1")
)


class MnistParameters(alharness.Parameters):
    """Parameters of ``mnist``."""

    limit: int | None = Field(
        None, ge=1, description="use only the first images of each split, for trying things out"
    )


class Mnist(alharness.Dataset):
    """60 000 training and 10 000 test images of 28 x 28, grey, in the official order.

    The files are where torchvision puts them, ``MNIST/raw/*.gz``. They are read here
    because torchvision compares their MD5 sums only when it fetches them.
    """

    def __init__(self, limit: int | None) -> None:
        self.limit = limit

    def load(self, root: Path, download: bool) -> alharness.LabeledImages:
        from torchvision.datasets import MNIST

        official = alharness.OfficialFiles("mnist", root)
        for name, md5 in MNIST.resources:
            damaged = official.damaged([(f"MNIST/raw/{name}", md5)])
            if damaged and not download:
                raise damaged
            if damaged:
                mirrors = [mirror + name for mirror in MNIST.mirrors]
                official.fetch(f"MNIST/raw/{name}", md5, mirrors)
        train, test = (self._split(root / "MNIST" / "raw", split) for split in ("train", "t10k"))
        return alharness.LabeledImages(*train, *test, n_classes=10)

    def missing(self, root: Path) -> alharness.UsageError | None:
        name = next((name for name in FILES if not (root / name).is_file()), None)
        return None if name is None else alharness.OfficialFiles("mnist", root).absent(name)

    def sources(self) -> list[str]:
        from torchvision.datasets import MNIST

        return list(MNIST.mirrors)

    def _split(self, folder: Path, split: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        images = _read(folder / f"{split}-images-idx3-ubyte.gz")[: self.limit, None]
        labels = _read(folder / f"{split}-labels-idx1-ubyte.gz")[: self.limit]
        return images, labels.astype(np.int64)


def declared(limit: int | None) -> alharness.DatasetShape:
    """All images, or the first ones."""
    n_train, n_test = (min(n, limit or n) for n in (60_000, 10_000))
    return alharness.DatasetShape(n_train, n_test, 10, 1, 28)


def _read(path: Path) -> NDArray[np.uint8]:
    """An IDX file of bytes: two zeros, type 8, number of axes; their lengths, big-endian; bytes."""
    data = gzip.decompress(path.read_bytes())
    n_axes = data[3]
    shape = np.frombuffer(data, dtype=">u4", count=n_axes, offset=4)
    return np.frombuffer(data, dtype=np.uint8, offset=4 + 4 * n_axes).reshape(shape)


@alharness.hookimpl
def alharness_datasets() -> Iterator[alharness.DatasetSpec]:
    yield alharness.DatasetSpec(
        "mnist",
        Mnist,
        summary="MNIST: 28 x 28 grey, 10 classes, 60 000 + 10 000 images",
        citation="LeCun et al. (1998), Gradient-Based Learning Applied to Document Recognition",
        requires="The official files below `--data-dir`, or `--download`.",
        cost="12 MB to download; 55 MB in the workspace.",
        parameters=MnistParameters,
        declares=declared,
    )

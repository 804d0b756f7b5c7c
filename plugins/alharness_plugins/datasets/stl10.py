"""``stl10``: the labeled images of STL-10, read by torchvision."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness

FILES = tuple(f"stl10_binary/{split}_{part}.bin" for split in ("train", "test") for part in "Xy")


class Stl10Parameters(alharness.Parameters):
    """Parameters of ``stl10``."""

    limit: int | None = Field(
        None, ge=1, description="use only the first images of each split, for trying things out"
    )


class Stl10(alharness.Dataset):
    """5 000 training and 8 000 test images of 96 x 96, in the official order.

    The 100 000 unlabeled images are not used: nobody could label them, and many belong to
    none of the ten classes. Their file need not be there.
    """

    def __init__(self, limit: int | None) -> None:
        self.limit = limit

    def load(self, root: Path, download: bool) -> alharness.LabeledImages:
        train, test = (self._split(root, download, split) for split in ("train", "test"))
        return alharness.LabeledImages(*train, *test, n_classes=10)

    def missing(self, root: Path) -> alharness.UsageError | None:
        name = next((name for name in FILES if not (root / name).is_file()), None)
        return None if name is None else alharness.OfficialFiles("stl10", root).absent(name)

    def sources(self) -> list[str]:
        from torchvision.datasets import STL10

        return [STL10.url]

    def _split(
        self, root: Path, download: bool, split: str
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        from torchvision.datasets import STL10

        class Labeled(STL10):  # type: ignore[misc]
            """Without the 2.7 GB of unlabeled images."""

            train_list = STL10.train_list[:2]

        official = alharness.OfficialFiles("stl10", root)
        files = [*Labeled.train_list, *Labeled.test_list]
        damaged = official.damaged((f"{STL10.base_folder}/{name}", md5) for name, md5 in files)
        if damaged and not download:
            raise damaged
        if damaged:
            official.fetch(STL10.filename, STL10.tgz_md5, [STL10.url])
        # Of what was fetched torchvision unpacks the archive.
        images = Labeled(str(root), split=split, download=download)
        labels = images.labels[: self.limit].astype(np.int64)
        return np.ascontiguousarray(images.data[: self.limit]), labels


def declared(limit: int | None) -> alharness.DatasetShape:
    """All images, or the first ones."""
    n_train, n_test = (min(n, limit or n) for n in (5_000, 8_000))
    return alharness.DatasetShape(n_train, n_test, 10, 3, 96)


@alharness.hookimpl
def alharness_datasets() -> Iterator[alharness.DatasetSpec]:
    yield alharness.DatasetSpec(
        "stl10",
        Stl10,
        summary="STL-10: 96 x 96 colour, 10 classes, 5 000 + 8 000 images",
        citation="Coates et al. (2011), An Analysis of Single-Layer Networks in Unsupervised "
        "Feature Learning",
        requires="The official archive below `--data-dir`, or `--download`.",
        cost="2.6 GB to download; 360 MB in the workspace.",
        parameters=Stl10Parameters,
        declares=declared,
    )

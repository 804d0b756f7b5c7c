"""``dtd``: the Describable Textures Dataset, ten official partitions as text files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

import alharness
from alharness_plugins.datasets.image_lists.listed_images import (
    Archive,
    Listed,
    ListedImages,
    ListedImagesParameters,
    by_class,
    even_shape,
    lines_of,
)

FOLDER = "dtd/dtd"
ARCHIVE = Archive(
    "dtd/dtd-r1.0.1.tar.gz",
    "fff73e5086ae6bdbea199a49dfb8a4c1",
    "https://www.robots.ox.ac.uk/~vgg/data/dtd/download/dtd-r1.0.1.tar.gz",
    into="dtd",
)

N_CLASSES = 47
EACH = 40
"""Images of each class in each of the three splits of a partition."""

TRAINING = {"train": ("train",), "train+val": ("train", "val")}


class DtdParameters(ListedImagesParameters):
    """Parameters of ``dtd``."""

    training: Literal["train", "train+val"] = Field(
        "train", description="the official split or splits that training images are of"
    )
    partition: int = Field(1, ge=1, le=10, description="which of the ten official partitions")


class Dtd(ListedImages):
    """Describable Textures: 47 classes, 1 880 training and 1 880 test images.

    Each official partition has 40 images of each class for training, validation and test.
    Training images are its training split, as in the published protocols of active learning on
    frozen features (BoSS, 2603.13109; ALFM, 2401.14555): their code trains on that split of
    partition 1 alone. ``training = "train+val"`` adds the validation split, 3 760 images in all, as
    is usual for linear probes of pre-trained models (Kornblith et al., 2019).

    Files lie where torchvision puts them: ``dtd/dtd/labels/train1.txt`` and the like, and
    ``dtd/dtd/images/CLASS/*.jpg``. Classes are numbered by name.
    """

    name = "dtd"
    n_classes = N_CLASSES
    archives = (ARCHIVE,)

    def __init__(
        self, training: Literal["train", "train+val"], partition: int, **shared: Any
    ) -> None:
        super().__init__(**shared)
        self.training = [f"{FOLDER}/labels/{one}{partition}.txt" for one in TRAINING[training]]
        self.test = f"{FOLDER}/labels/test{partition}.txt"

    @property
    def sizes(self) -> tuple[int, int]:
        return N_CLASSES * EACH * len(self.training), N_CLASSES * EACH

    def required(self) -> Sequence[str]:
        return [*self.training, self.test, f"{FOLDER}/images"]

    def lists(self, root: Path) -> tuple[Listed, Listed]:
        train = [pair for name in self.training for pair in _pairs(root / name)]
        return by_class(train, _pairs(root / self.test))


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    """Images and their classes, of lines CLASS/NAME. Raises ValueError for others."""
    for line in lines_of(path):
        name, slash, _ = line.partition("/")
        if not slash:
            raise ValueError(f"'{path.name}' has the line '{line[:80]}', not CLASS/NAME")
        yield f"{FOLDER}/images/{line}", name


def declared(training: str, **shared: Any) -> alharness.DatasetShape:
    """As the publisher says."""
    return even_shape(N_CLASSES, EACH * len(TRAINING[training]), EACH, **shared)

"""``flowers102``: Oxford 102 Flowers, split and labeled by two MATLAB files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

import alharness
from alharness_plugins.datasets.image_lists.listed_images import (
    Archive,
    Listed,
    ListedImages,
    ListedImagesParameters,
    even_shape,
)

FOLDER = "flowers-102"
URL = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/"
LABELS, SPLITS = f"{FOLDER}/imagelabels.mat", f"{FOLDER}/setid.mat"
ARCHIVES = (
    Archive(LABELS, "e0620be6f572b9609742df49c70aed4d", f"{URL}imagelabels.mat"),
    Archive(SPLITS, "a5357ecc9cb78c4bef273ce3793fc85c", f"{URL}setid.mat"),
    Archive(
        f"{FOLDER}/102flowers.tgz",
        "52808999861908f626f3c1f4e79d11fa",
        f"{URL}102flowers.tgz",
        into=FOLDER,
    ),
)

N_CLASSES, N_TEST = 102, 6_149
TRAINING = {"train": ("trnid",), "train+val": ("trnid", "valid")}
EACH = 10
"""Images of each class in the training split, as many in the validation split."""

LEAST_TESTED = 20
"""Test images of the smallest class."""


class Flowers102Parameters(ListedImagesParameters):
    """Parameters of ``flowers102``."""

    training: Literal["train", "train+val"] = Field(
        "train", description="the official split or splits that training images are of"
    )


class Flowers102(ListedImages):
    """Oxford 102 Flowers: 102 classes, 1 020 training and 6 149 test images.

    Training images are the official training split, ten of each class, as in the published
    protocols of active learning on frozen features (BoSS, 2603.13109; ALFM, 2401.14555): their code
    trains on that split alone. ``training = "train+val"`` adds the official validation split, 2 040
    images in all, as is usual for linear probes of pre-trained models (Kornblith et al., 2019).
    Test images are the official test split, of which classes have different numbers.

    Files lie where torchvision puts them: ``flowers-102/imagelabels.mat`` and ``setid.mat``, whose
    published MD5 sums are checked before they are read, and ``flowers-102/jpg/image_*.jpg``.
    """

    name = "flowers102"
    n_classes = N_CLASSES
    archives = ARCHIVES

    def __init__(self, training: Literal["train", "train+val"], **shared: Any) -> None:
        super().__init__(**shared)
        self.training = TRAINING[training]

    @property
    def sizes(self) -> tuple[int, int]:
        return N_CLASSES * EACH * len(self.training), N_TEST

    def required(self) -> Sequence[str]:
        return [LABELS, SPLITS, f"{FOLDER}/jpg"]

    def lists(self, root: Path) -> tuple[Listed, Listed]:
        from scipy.io import loadmat

        official = alharness.OfficialFiles(self.name, root)
        lists = [(one.name, one.md5) for one in self.archives if one.into is None]
        if damaged := official.damaged(lists):
            raise damaged
        labels = loadmat(root / LABELS, variable_names=["labels"])["labels"].ravel()
        splits = loadmat(root / SPLITS, variable_names=["trnid", "valid", "tstid"])

        def listed(names: Sequence[str]) -> Listed:
            numbers = [int(number) for name in names for number in splits[name].ravel()]
            return Listed(
                [f"{FOLDER}/jpg/image_{number:05d}.jpg" for number in numbers],
                [int(labels[number - 1]) - 1 for number in numbers],
            )

        return listed(self.training), listed(["tstid"])


def declared(training: str, **shared: Any) -> alharness.DatasetShape:
    """As the publisher says; nobody knows how many are tested by a limit that not all reach."""
    shape = even_shape(N_CLASSES, EACH * len(TRAINING[training]), LEAST_TESTED, **shared)
    limit = shared["test_limit"] or shared["limit"]
    if limit is not None and limit <= LEAST_TESTED:
        return shape
    return replace(shape, n_test=N_TEST if limit is None else None)

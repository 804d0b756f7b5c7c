"""``food101``: Food-101, split and labeled by two JSON files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from alharness_plugins.datasets.image_lists.listed_images import (
    Archive,
    Listed,
    ListedImages,
    by_class,
    even_shape,
)

FOLDER = "food-101"
ARCHIVE = Archive(
    "food-101.tar.gz",
    "85eeb15f3717b99a5da872d97d918f87",
    "http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz",
    into="",
)
LISTS = (f"{FOLDER}/meta/train.json", f"{FOLDER}/meta/test.json")

N_CLASSES, TRAINED, TESTED = 101, 750, 250
"""Classes, and images of each in both splits."""


class Food101(ListedImages):
    """Food-101: 101 classes, 75 750 training and 25 250 test images.

    The official split, 750 and 250 of each class. The training images' labels are not cleaned, as
    their authors say: some are wrong.

    Files lie where torchvision puts them: ``food-101/meta/train.json`` and ``test.json``, and
    ``food-101/images/CLASS/*.jpg``. Classes are numbered by name; the order of images is that of
    these lists.
    """

    name = "food101"
    n_classes = N_CLASSES
    archives = (ARCHIVE,)

    @property
    def sizes(self) -> tuple[int, int]:
        return N_CLASSES * TRAINED, N_CLASSES * TESTED

    def required(self) -> Sequence[str]:
        return [*LISTS, f"{FOLDER}/images"]

    def lists(self, root: Path) -> tuple[Listed, Listed]:
        train, test = (_pairs(root / name) for name in LISTS)
        return by_class(train, test)


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    """Images and their classes. Raises ValueError for what is no list of names by class."""
    try:
        listed = TypeAdapter(dict[str, list[str]]).validate_json(path.read_bytes())
    except ValidationError as error:
        why = error.errors()[0]["msg"]
        raise ValueError(f"'{path.name}' is no JSON of names by class: {why}") from error
    for name, images in listed.items():
        for image in images:
            yield f"{FOLDER}/images/{image}.jpg", name


declared = partial(even_shape, N_CLASSES, TRAINED, TESTED)
"""As the publisher says."""

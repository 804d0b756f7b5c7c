"""``digits``: scikit-learn's handwritten digits, 1 797 real 8 x 8 images, no download."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import alharness

N_IMAGES, N_TEST = 1797, 360
TEST_SEED = 0


class Digits(alharness.Dataset):
    """1 437 training and 360 test images; the test images are stratified with a fixed seed."""

    def copies(self) -> list[Path]:
        found = find_spec("sklearn")
        folders = [] if found is None else found.submodule_search_locations or []
        return [Path(folder, "datasets", "data", "digits.csv.gz") for folder in folders]

    def load(self, root: Path, download: bool) -> alharness.LabeledImages:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        digits = load_digits()
        images = np.rint(digits.images * (255 / 16)).astype(np.uint8)[:, None]
        labels = digits.target.astype(np.int64)
        train, test = train_test_split(
            np.arange(len(labels)), test_size=N_TEST, stratify=labels, random_state=TEST_SEED
        )
        return alharness.LabeledImages(images[train], labels[train], images[test], labels[test], 10)


@alharness.hookimpl
def alharness_datasets() -> Iterator[alharness.DatasetSpec]:
    yield alharness.DatasetSpec(
        "digits",
        Digits,
        summary="Handwritten digits: 8 x 8 grey, 10 classes, 1 437 + 360 images, no download",
        citation="Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI",
        requires="Nothing: the images come with scikit-learn.",
        cost="Less than a second.",
        declares=lambda: alharness.DatasetShape(N_IMAGES - N_TEST, N_TEST, 10, 1, 8),
    )

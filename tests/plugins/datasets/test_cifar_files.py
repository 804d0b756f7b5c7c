"""CIFAR-10 as image files in class folders."""

from pathlib import Path

import numpy as np
import pytest
from alharness_plugins.datasets.cifar import Cifar10, Cifar100
from PIL import Image

from alharness import UsageError

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


@pytest.fixture
def folder(tmp_path):
    """Three training images and two test images of each class, told apart by their colour."""
    for split, n in (("train", 3), ("test", 2)):
        for label, name in enumerate(NAMES):
            (tmp_path / split / name).mkdir(parents=True)
            for number in range(n):
                picture = Image.new("RGB", (32, 32), (10 * label, 50 * number, 0))
                picture.save(tmp_path / split / name / f"{number:04}.png")
    return tmp_path


def dataset(limit=None, test_limit=None, as_files=True):
    return Cifar10(limit, test_limit, as_files)


def test_images_lie_by_class_and_name(folder):
    found = dataset().load(folder, download=False)
    assert found.train_labels.tolist() == np.repeat(np.arange(10), 3).tolist()
    assert found.train_images.shape == (30, 3, 32, 32)
    assert found.train_images[:, 0, 5, 5].tolist() == (10 * found.train_labels).tolist()
    assert found.train_images[:3, 1, 0, 0].tolist() == [0, 50, 100]
    assert len(found.test_labels) == 20


def test_of_a_limit_each_class_has_an_equal_share(folder):
    found = dataset(20, 10).load(folder, download=False)
    assert np.bincount(found.train_labels).tolist() == [2] * 10
    assert np.bincount(found.test_labels).tolist() == [1] * 10
    assert len(dataset(20, 10).files(folder)) == 30


def test_it_has_to_be_asked_for(folder):
    asked, unasked = dataset(), dataset(as_files=False)
    assert asked.missing(folder) is None
    assert "official order" in asked.census(folder)[0]
    assert unasked.missing(folder) is not None
    assert unasked.files(folder) == unasked.census(folder) == []
    with pytest.raises(UsageError):
        unasked.load(folder, download=False)


def test_the_archive_comes_first(folder):
    batch = folder / "cifar-10-batches-py" / "data_batch_1"
    batch.parent.mkdir()
    batch.write_bytes(b"")
    assert dataset().missing(folder) is not None


@pytest.mark.parametrize("change", ["fewer", "other"])
def test_other_classes_are_refused(folder, change):
    path: Path = folder / "test" / "truck"
    if change == "other":
        path.rename(folder / "test" / "lorry")
    else:
        for split in ("train", "test"):
            (folder / split / "truck").rename(folder / f"{split}-truck")
    with pytest.raises(UsageError, match="class folders in train and"):
        dataset().load(folder, download=False)
    with pytest.raises(UsageError, match="expected the same 100"):
        Cifar100(None, None, True).load(folder, download=False)

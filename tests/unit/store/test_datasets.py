"""Prepared datasets: labels apart, whole or prepared anew."""

import shutil
import time

import numpy as np
import pytest
from PIL import Image

from alharness.api.dataset import ImageFiles, LabeledImages
from alharness.api.framing import Framing, RandomView
from alharness.protocol.components import Component
from alharness.store import seen
from alharness.store.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


DATASET = Component("dataset", "d", {}, "s", "d", "(test)", "1", "d")


def small_images():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (12, 1, 4, 4)).astype(np.uint8)
    labels = rng.integers(0, 3, 12)
    return LabeledImages(images[:8], labels[:8], images[8:], labels[8:], 3)


def test_datasets_are_prepared_once_and_labels_lie_apart(workspace):
    assert workspace.datasets.prepared(DATASET, "") is None
    facts = workspace.datasets.prepare(DATASET, "", small_images())
    data = workspace.root / "data"
    folder = data / "images" / facts.train_digest
    assert [path.name for path in folder.iterdir()] == ["images.npy"]
    written = (folder / "images.npy").stat().st_mtime_ns
    again = workspace.datasets.prepare(DATASET, "", small_images())
    assert (folder / "images.npy").stat().st_mtime_ns == written
    found = Workspace(workspace.root).datasets.prepared(DATASET, "")
    for one in (again, found):
        assert (one.train_digest, one.test_digest) == (facts.train_digest, facts.test_digest)
        assert (one.n_classes, one.in_channels, one.image_size) == (3, 1, 4)
        np.testing.assert_array_equal(one.train_labels, small_images().train_labels)
    (data / "labels" / f"{facts.train_digest}.npy").unlink()
    pictures = workspace.datasets.images(facts.train_digest)
    rows = np.array([7, 0, 3])
    np.testing.assert_array_equal(pictures[rows], small_images().train_images[rows])


def test_data_with_another_fingerprint_is_loaded_again(workspace):
    workspace.datasets.prepare(DATASET, "then", small_images())
    assert workspace.datasets.prepared(DATASET, "now") is None
    assert workspace.datasets.prepared(DATASET, "then") is not None


@pytest.fixture
def noted(monkeypatch):
    """Keeps notes of what was prepared, as if every file had been written long ago."""
    monkeypatch.setattr(seen, "SETTLED_NS", -(10**12))

    def save(workspace):
        workspace.datasets.seen.save()
        assert (workspace.root / "data" / "seen.json").exists()
        time.sleep(0.02)  # the clock of a file system ticks in steps

    return save


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize("file", ["images", "labels"])
@pytest.mark.parametrize("damage", ["flip", "short", "empty", "gone", "other"])
def test_damaged_data_is_prepared_anew(workspace, noted, part, file, damage):
    facts = workspace.datasets.prepare(DATASET, "", small_images())
    noted(workspace)
    name = facts.train_digest if part == "train" else facts.test_digest
    data = workspace.root / "data"
    path = data / ("labels" if file == "labels" else f"images/{name}")
    path = path / (f"{name}.npy" if file == "labels" else "images.npy")
    data = path.read_bytes()
    match damage:
        case "flip":
            path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        case "short":
            path.write_bytes(data[:-1])
        case "empty":
            path.write_bytes(b"")
        case "gone":
            path.unlink()
        case "other":
            np.save(path, np.zeros_like(np.load(path)))
    workspace = Workspace(workspace.root)
    assert workspace.datasets.prepared(DATASET, "") is None
    workspace.datasets.prepare(DATASET, "", small_images())
    assert len(workspace.records.damaged()) == (damage != "gone" or file == "images")
    assert path.read_bytes() == data
    assert workspace.datasets.prepared(DATASET, "") is not None


@pytest.mark.parametrize("file", ["images.bin", "index.npz"])
@pytest.mark.parametrize("damage", ["short", "empty", "gone"])
def test_damaged_packed_images_are_prepared_anew(workspace, noted, tmp_path, file, damage):
    paths = [tmp_path / f"{number}.png" for number in range(4)]
    for number, path in enumerate(paths):
        Image.new("RGB", (5, 4), (number, 0, 0)).save(path)
    files, labels = ImageFiles(paths, Framing(3, 4, RandomView())), np.arange(4)
    images = LabeledImages(files, labels, files, labels[::-1].copy(), 4)
    facts = workspace.datasets.prepare(DATASET, "", images)
    assert (facts.in_channels, facts.image_size) == (3, 3)
    noted(workspace)
    path = workspace.datasets.images_folder(facts.train_digest) / file
    match damage:
        case "short":
            path.write_bytes(path.read_bytes()[:-1])
        case "empty":
            path.write_bytes(b"")
        case "gone":
            path.unlink()
    workspace = Workspace(workspace.root)
    assert workspace.datasets.prepared(DATASET, "") is None
    again = workspace.datasets.prepare(DATASET, "", images)
    assert len(workspace.records.damaged()) == 1
    assert again.train_digest == facts.train_digest
    assert workspace.datasets.prepared(DATASET, "") is not None


def test_what_another_bench_has_prepared_so_far_stays(workspace):
    """It writes labels first: without their images they are no damage."""
    facts = workspace.datasets.prepare(DATASET, "", small_images())
    for name in (facts.train_digest, facts.test_digest):
        shutil.rmtree(workspace.root / "data" / "images" / name)
    workspace.datasets.prepare(DATASET, "", small_images())
    assert workspace.records.damaged() == []
    assert workspace.datasets.prepared(DATASET, "") is not None


def test_a_damaged_entry_is_no_entry(workspace):
    workspace.datasets.prepare(DATASET, "", small_images())
    (entry,) = (workspace.root / "data" / "prepared").iterdir()
    text = entry.read_text()
    for damaged in (text.replace('"n_classes": 3', '"n_classes": 7'), "[]", "", "{}"):
        entry.write_text(damaged)
        assert workspace.datasets.prepared(DATASET, "") is None
    entry.write_text(text)
    assert workspace.datasets.prepared(DATASET, "") is not None


def test_preparing_mends_damage_too(workspace):
    facts = workspace.datasets.prepare(DATASET, "", small_images())
    path = workspace.root / "data" / "images" / facts.train_digest / "images.npy"
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    Workspace(workspace.root).datasets.prepare(DATASET, "", small_images())
    assert path.read_bytes() == data

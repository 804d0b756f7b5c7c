"""flowers102, dtd, food101, tiny-imagenet: small folders in exactly the official layouts.

Independent source: torchvision's own readers of the first three, and its URLs and MD5 sums;
Tiny ImageNet, which it does not have, as its archive is laid out (train/WNID/images,
val/images, val_annotations.txt of lines IMAGE, WNID, box). How many images there are officially is
patched where the folders are smaller.
"""

import functools
import hashlib
import http.server
import json
import os
import re
import tarfile
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import torchvision.datasets
from PIL import Image

import alharness
from alharness import UsageError
from alharness.protocol.components import Reference
from alharness.registry import discover
from alharness.session.data import declared
from alharness.testing import Outcome, find_subject, rules

NOWHERE = "http://no.where.invalid/"
SIDE = 6


def md5(path):
    return hashlib.md5(path.read_bytes()).hexdigest()


def write_image(path, number):
    """An image that is like no other, wider than high or higher than wide."""
    rng = np.random.default_rng(number)
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (9, 12, 3) if number % 2 else (12, 9, 3)
    Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(path, "JPEG")


def write_flowers(folder):
    """15 flowers of 3 classes: two of each for training, one for validation, two for test."""
    base = folder / "flowers-102"
    numbers = np.random.default_rng(0).permutation(15) + 1
    labels = np.empty((1, 15), dtype=np.uint8)
    labels[0, numbers - 1] = np.arange(15) % 3 + 1
    for number in numbers.tolist():
        write_image(base / "jpg" / f"image_{number:05d}.jpg", number)
    scipy.io.savemat(base / "imagelabels.mat", {"labels": labels})
    splits = {"trnid": numbers[None, :6], "valid": numbers[None, 6:9], "tstid": numbers[None, 9:]}
    scipy.io.savemat(base / "setid.mat", {name: each.astype("u2") for name, each in splits.items()})
    with tarfile.open(base / "102flowers.tgz", "w:gz") as tar:
        tar.add(base / "jpg", "jpg")


def write_dtd(folder):
    """Textures of 3 classes: two of each for training, one for validation, two for test."""
    base = folder / "dtd" / "dtd"
    names = {name: [f"{name}/{name}_{number:04d}.jpg" for number in range(5)]
             for name in ("banded", "polka-dotted", "woven")}  # fmt: skip
    for number, name in enumerate(name for each in names.values() for name in each):
        write_image(base / "images" / name, number)
    (base / "labels").mkdir()
    for partition in range(1, 11):
        split = {"train": (0, 1), "val": (2,), "test": (3, 4)}
        for which, positions in split.items():
            lines = [each[(position + partition) % 5] for each in names.values()
                     for position in positions]  # fmt: skip
            text = "".join(f"{line}\n" for line in lines)
            (base / "labels" / f"{which}{partition}.txt").write_text(text)
    with tarfile.open(folder / "dtd" / "dtd-r1.0.1.tar.gz", "w:gz") as tar:
        tar.add(base, "dtd")


def write_food(folder):
    """Dishes of 3 classes, not in the order of their names: two of each and two for test."""
    base = folder / "food-101"
    names = ("waffles", "apple_pie", "hot_dog")
    listed = {"train": {}, "test": {}}
    for number, name in enumerate(names):
        images = [f"{name}/{100 * number + one}" for one in (7, 3, 5, 4)]
        for image in images:
            write_image(base / "images" / f"{image}.jpg", int(image.rpartition("/")[2]))
        listed["train"][name], listed["test"][name] = images[:2], images[2:]
    (base / "meta").mkdir()
    for split, lists in listed.items():
        (base / "meta" / f"{split}.json").write_text(json.dumps(lists))
    with tarfile.open(folder / "food-101.tar.gz", "w:gz") as tar:
        tar.add(base, "food-101")


def write_tiny(folder):
    """Classes n03, n01, n02 of two training images and two validation images."""
    base = folder / "tiny-imagenet-200"
    names = ("n03", "n01", "n02")
    for number, name in enumerate(names):
        for one in range(2):
            write_image(base / "train" / name / "images" / f"{name}_{one}.JPEG", 10 * number + one)
        (base / "train" / name / f"{name}_boxes.txt").write_text(f"{name}_0.JPEG\t0\t0\t62\t61\n")
        write_image(base / "test" / "images" / f"test_{number}.JPEG", 200 + number)
    (base / "wnids.txt").write_text("".join(f"{name}\n" for name in names))
    for number in range(6):
        write_image(base / "val" / "images" / f"val_{number}.JPEG", 100 + number)
    lines = (f"val_{number}.JPEG\t{name}\t0\t32\t44\t62\n" for number, name in enumerate(names * 2))
    (base / "val" / "val_annotations.txt").write_text("".join(lines))


WRITTEN = {
    "flowers102": write_flowers,
    "dtd": write_dtd,
    "food101": write_food,
    "tiny-imagenet": write_tiny,
}
FETCHED = ("flowers102", "dtd", "food101")
FLOWERS, DTD, FOOD = (getattr(torchvision.datasets, n) for n in ("Flowers102", "DTD", "Food101"))


@pytest.fixture
def make(create, monkeypatch, tmp_path):
    """``make(name, **parameters)``: a dataset, and its files in ``tmp_path``.

    It has officially what the folders have, of the sums that they have; its URLs lead nowhere.
    """

    def made(name, **parameters):
        if not any(tmp_path.iterdir()):
            WRITTEN[name](tmp_path)
        dataset = create("dataset", name, **{"side": SIDE, **parameters})
        n_train = 9 if parameters.get("training") == "train+val" else 6
        archives = [
            replace(one, md5=md5(tmp_path / one.name), url=NOWHERE + Path(one.name).name)
            for one in dataset.archives
        ]
        official = {"sizes": (n_train, 6), "n_classes": 3, "archives": archives}
        for attribute, value in official.items():
            monkeypatch.setattr(type(dataset), attribute, value)
        return dataset

    return made


def listed(images):
    return [images.train_names, images.test_names]


def labels(images):
    return [images.train_labels.tolist(), images.test_labels.tolist()]


def as_torchvision(root, name, training=("train",), **which):
    """Paths below the root and labels of both splits, each of one or two of torchvision's."""
    reader = {"flowers102": FLOWERS, "dtd": DTD, "food101": FOOD}[name]
    sides = [[reader(root, split, **which) for split in splits] for splits in (training, ("test",))]
    paths = [
        [path.relative_to(root).as_posix() for one in side for path in one._image_files]
        for side in sides
    ]
    return paths, [[label for one in side for label in one._labels] for side in sides]


@pytest.fixture
def torchvisions_sums(monkeypatch, tmp_path):
    """Torchvision accepts the lists that lie in the folder."""

    def accept():
        base = tmp_path / "flowers-102"
        sums = {key: (name, md5(base / name)) for key, (name, _) in FLOWERS._file_dict.items()}
        monkeypatch.setattr(FLOWERS, "_file_dict", sums)

    return accept


@pytest.mark.parametrize(
    ("name", "parameters", "theirs"),
    [
        ("flowers102", {}, {}),
        ("flowers102", {"training": "train+val"}, {"training": ("train", "val")}),
        ("dtd", {}, {}),
        ("dtd", {"partition": 3}, {"partition": 3}),
        (
            "dtd",
            {"training": "train+val", "partition": 10},
            {"training": ("train", "val"), "partition": 10},
        ),
        ("food101", {}, {}),
    ],
)
def test_images_and_labels_are_torchvisions_in_its_order(
    make, torchvisions_sums, tmp_path, name, parameters, theirs
):
    loaded = make(name, **parameters).load(tmp_path, download=False)
    if name == "flowers102":
        torchvisions_sums()
    assert (listed(loaded), labels(loaded)) == as_torchvision(tmp_path, name, **theirs)
    assert (loaded.n_classes, loaded.train_labels.dtype) == (3, np.int64)


def test_tiny_imagenet_is_by_class_and_its_test_by_the_annotations(make, tmp_path):
    loaded = make("tiny-imagenet").load(tmp_path, download=False)
    base = "tiny-imagenet-200"
    names = ("n01", "n01", "n02", "n02", "n03", "n03")
    assert loaded.train_names == [
        f"{base}/train/{name}/images/{name}_{number % 2}.JPEG" for number, name in enumerate(names)
    ]
    assert loaded.test_names == [f"{base}/val/images/val_{number}.JPEG" for number in range(6)]
    assert labels(loaded) == [[0, 0, 1, 1, 2, 2], [2, 0, 1] * 2]


@pytest.mark.parametrize("name", WRITTEN)
def test_images_are_the_files_decoded_at_once_or_later(make, tmp_path, name):
    at_once = make(name).load(tmp_path, download=False)
    later = make(name, decode_up_to=0).load(tmp_path, download=False)
    assert isinstance(later.train_images, alharness.ImageFiles)
    assert at_once.train_images.shape == (6, 3, SIDE, SIDE)
    assert at_once.train_images.dtype == np.uint8
    assert listed(at_once) == listed(later)
    for images, files, names in zip(
        (at_once.train_images, at_once.test_images),
        (later.train_images, later.test_images),
        listed(at_once),
        strict=True,
    ):
        for number, path in enumerate(names):
            shown = alharness.Framing(SIDE).centred((tmp_path / path).read_bytes())
            np.testing.assert_array_equal(images[number], shown)
            np.testing.assert_array_equal(files.read(number)[1], shown)


@pytest.mark.parametrize(
    ("limits", "n_train", "n_test"),
    [
        ({"limit": 1}, 1, 1),
        ({"limit": 5}, 2, 2),
        ({"test_limit": 1}, 2, 1),
        ({"limit": 1, "test_limit": 3}, 1, 2),
    ],
)
@pytest.mark.parametrize("name", WRITTEN)
def test_a_limit_takes_the_first_listed_of_each_class(
    make, tmp_path, name, limits, n_train, n_test
):
    whole = make(name).load(tmp_path, download=False)
    loaded = make(name, **limits).load(tmp_path, download=False)
    for ours, theirs, classes, all_classes, n in zip(
        listed(loaded), listed(whole), labels(loaded), labels(whole), (n_train, n_test), strict=True
    ):
        assert np.bincount(classes).tolist() == [n] * 3
        for label in range(3):
            first = [path for path, one in zip(theirs, all_classes, strict=True) if one == label][
                :n
            ]
            assert [path for path, one in zip(ours, classes, strict=True) if one == label] == first


LISTS = {
    "flowers102": "flowers-102/setid.mat",
    "dtd": "dtd/dtd/labels/train1.txt",
    "food101": "food-101/meta/test.json",
    "tiny-imagenet": "tiny-imagenet-200/val/val_annotations.txt",
}


def gone(path):
    path.unlink()


def no_text(path):
    path.write_bytes(b"\xff\xfe\x00")


def cut(path):
    """In the middle of its last line."""
    path.write_bytes(path.read_bytes().rstrip()[:-18])


def shorter(path):
    """By a whole entry."""
    if path.suffix == ".json":
        path.write_text(json.dumps({k: v[:-1] for k, v in json.loads(path.read_text()).items()}))
    else:
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


@pytest.mark.parametrize("harm", [gone, no_text, cut, shorter])
@pytest.mark.parametrize("name", WRITTEN)
def test_a_damaged_list_is_one_line_with_its_remedy(make, tmp_path, name, harm):
    dataset = make(name)
    harm(tmp_path / LISTS[name])
    with pytest.raises(UsageError) as raised:
        dataset.load(tmp_path, download=False)
    assert f"{name} is not in '{tmp_path}'" in raised.value.what
    if harm is gone:
        assert str(dataset.missing(tmp_path)) == str(raised.value)
        assert f"there is no '{LISTS[name]}'" in raised.value.what
    else:
        assert re.search("or is damaged|its files are damaged", raised.value.what)
        assert dataset.missing(tmp_path) is None, "names alone tell nothing"
    assert raised.value.where == f"dataset '{name}'"
    assert "--data-dir" in raised.value.remedy
    assert ("--download" in raised.value.remedy) == (name in FETCHED)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("name", WRITTEN)
def test_an_image_that_is_not_there_or_is_none_is_named(make, tmp_path, name):
    dataset = make(name)
    image = dataset.load(tmp_path, download=False).test_names[-1]
    (tmp_path / image).write_bytes((tmp_path / image).read_bytes()[:300])
    with pytest.raises(UsageError, match="no image can be read") as raised:
        dataset.load(tmp_path, download=False)
    assert image in str(raised.value)
    (tmp_path / image).unlink()
    with pytest.raises(UsageError, match=f"there is no '{image}'"):
        dataset.load(tmp_path, download=False)


def archives(dataset, root):
    return [root / one.name for one in dataset.archives if one.into is not None]


@pytest.mark.parametrize("name", FETCHED)
def test_what_is_missing_is_unpacked_of_a_whole_archive_without_a_network(make, tmp_path, name):
    dataset = make(name)
    whole = dataset.load(tmp_path, download=False)
    for path in whole.test_names:
        (tmp_path / path).unlink()
    again = dataset.load(tmp_path, download=True)
    assert (listed(again), labels(again)) == (listed(whole), labels(whole))
    np.testing.assert_array_equal(again.test_images, whole.test_images)


@pytest.mark.parametrize("name", FETCHED)
def test_a_damaged_archive_is_said_with_url_and_place(make, tmp_path, name):
    dataset = make(name)
    (archive,) = archives(dataset, tmp_path)
    archive.write_bytes(archive.read_bytes()[:-20])
    image = dataset.load(tmp_path, download=True).test_names[0]
    (tmp_path / image).unlink()
    with pytest.raises(UsageError, match="cannot be fetched") as raised:
        dataset.load(tmp_path, download=True)
    line = str(raised.value)
    assert f"{archive.name}' there is not what its published MD5 sum says" in line
    assert f"{NOWHERE}{archive.name}: no connection" in line
    assert f"put it at '{archive}'" in line
    assert len(line.splitlines()) == 1


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, and logs nothing."""

    def log_message(self, *_):
        pass


@pytest.fixture
def served(tmp_path_factory):
    """A folder, and the address where it is served from."""
    folder = tmp_path_factory.mktemp("mirror")
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize("name", FETCHED)
def test_all_of_it_is_fetched(make, monkeypatch, tmp_path, served, name):
    folder, address = served
    dataset = make(name)
    whole = dataset.load(tmp_path, download=False)
    here = [replace(one, url=address + Path(one.name).name) for one in dataset.archives]
    for one in here:
        (tmp_path / one.name).rename(folder / Path(one.name).name)
    monkeypatch.setattr(type(dataset), "archives", here)
    elsewhere = tmp_path / "elsewhere"
    with pytest.raises(UsageError, match="there is no"):
        dataset.load(elsewhere, download=False)
    fetched = dataset.load(elsewhere, download=True)
    assert dataset.sources() == [one.url for one in here]
    assert (listed(fetched), labels(fetched)) == (listed(whole), labels(whole))
    np.testing.assert_array_equal(fetched.train_images, whole.train_images)


def test_urls_and_sums_are_those_that_torchvision_has(create):
    flowers, dtd, food = (create("dataset", name).archives for name in FETCHED)
    theirs = {name: FLOWERS._download_url_prefix + name for name, _ in FLOWERS._file_dict.values()}
    assert {Path(one.name).name: one.url for one in flowers} == theirs
    assert {(Path(one.name).name, one.md5) for one in flowers} == set(FLOWERS._file_dict.values())
    assert [(one.url, one.md5) for one in dtd] == [(DTD._URL, DTD._MD5)]
    assert [(one.url, one.md5) for one in food] == [(FOOD._URL, FOOD._MD5)]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [(name, {}) for name in WRITTEN]
    + [("flowers102", {"training": "train+val"}), ("dtd", {"training": "train+val"})],
)
def test_lists_must_have_what_is_declared(name, parameters):
    registry = discover()
    dataset = registry.component("dataset", Reference(name, parameters))
    loader, shape = registry.create(dataset), declared(registry, dataset)
    expected = (*loader.sizes, loader.n_classes)
    assert (shape.n_train, shape.n_test, shape.n_classes) == expected


def write_all_of_dtd(folder):
    """As many images as there are officially, all of them links to a few files."""
    for number in range(40):
        write_image(folder / "some" / str(number), number)
    for split, first in (("train", 0), ("val", 40), ("test", 80)):
        lines = []
        for one in range(47):
            below = folder / "dtd" / "dtd" / "images" / f"class{one:02}"
            below.mkdir(parents=True, exist_ok=True)
            for number in range(first, first + 40):
                os.link(folder / "some" / str(number % 40), below / f"{number}.jpg")
                lines.append(f"class{one:02}/{number}.jpg\n")
        (folder / "dtd" / "dtd" / "labels").mkdir(exist_ok=True)
        (folder / "dtd" / "dtd" / "labels" / f"{split}1.txt").write_text("".join(lines))


def test_a_folder_of_the_official_size_keeps_the_contract(tmp_path):
    write_all_of_dtd(tmp_path)
    for parameters in ("decode_up_to=0", 'decode_up_to=0,training="train+val",limit=45'):
        subject = find_subject(f"dtd:{parameters}", data_dir=tmp_path)
        for rule in rules("dataset"):
            assert rule.checked(subject).outcome is Outcome.PASSED, rule.checked(subject)

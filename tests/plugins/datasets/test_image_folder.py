"""Class folders: what is used, what is passed over and why, and what is refused."""

import os
import tarfile

import numpy as np
import pytest
from PIL import Image

from alharness import UsageError


@pytest.fixture
def folder(tmp_path):
    """Classes a, b and c of four training images and two test images each."""
    rng = np.random.default_rng(0)
    for split, n in (("train", 4), ("test", 2)):
        for name in "abc":
            (tmp_path / split / name).mkdir(parents=True)
            for number in range(n):
                pixels = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
                Image.fromarray(pixels).save(tmp_path / split / name / f"{number}.png")
    return tmp_path


@pytest.fixture(params=[4096, 0], ids=["decoded", "streamed"])
def loader(create, request):
    return create("dataset", "image-folder", side=6, decode_up_to=request.param)


def census(loader, folder):
    return list(loader.census(folder))


WHOLE = [
    "train: 12 images in 3 classes (a 4, b 4, c 4)",
    "test: 6 images in 3 classes (a 2, b 2, c 2)",
]


def test_a_folder_in_order(loader, folder):
    assert census(loader, folder) == WHOLE
    loaded = loader.load(folder, download=False)
    assert loaded.train_labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert loaded.train_names[:2] == ["train/a/0.png", "train/a/1.png"]
    assert loaded.test_names[-1] == "test/c/1.png"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (".ipynb_checkpoints/0.png", "hidden folder (.ipynb_checkpoints)"),
        (".git/", "hidden folder (.git)"),
        ("__MACOSX/a.png", "hidden folder (__MACOSX)"),
        ("a/._0.png", "hidden file (a/._0.png)"),
        ("a/.hidden/0.png", "hidden file (a/.hidden)"),
        ("a/notes.txt", "file without an image's extension (a/notes.txt)"),
        ("b/photo.heic", "file without an image's extension (b/photo.heic)"),
        ("a/part1/0.png", "folder below a class's folder (a/part1)"),
        ("a/part.png/0.png", "folder below a class's folder (a/part.png)"),
        ("labels.csv", "file in no class's folder (labels.csv)"),
    ],
)
@pytest.mark.parametrize("split", ["train", "test"])
def test_what_is_passed_over_is_told(loader, folder, split, name, words):
    before = loader.load(folder, download=False)
    path = folder / split / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith("/"):
        path.mkdir()
    else:
        path.write_bytes(b"\0")
    found = census(loader, folder)
    assert [line for line in found if "passed over" not in line] == WHOLE
    assert f"{split}: passed over 1 x {words}" in found
    after = loader.load(folder, download=False)
    assert (after.n_classes, after.train_names, after.test_names) == (
        before.n_classes, before.train_names, before.test_names
    )  # fmt: skip


@pytest.mark.parametrize("suffix", [".jfif", ".JFIF", ".jpe", ".pgm", ".jp2", ".TIF", ".apng"])
def test_every_extension_of_an_image_is_used(loader, folder, suffix):
    for path in sorted(folder.glob("*/c/*.png")):
        kind = {".pgm": "PPM", ".jp2": "JPEG2000", ".TIF": "TIFF", ".apng": "PNG"}
        with Image.open(path) as image:
            grey = image.convert("L")
        grey.save(path.with_suffix(suffix), kind.get(suffix, "JPEG"))
        path.unlink()
    assert census(loader, folder) == WHOLE
    assert len(loader.load(folder, download=False).train_names) == 12


def test_more_than_the_limit_is_told(create, folder):
    loader = create("dataset", "image-folder", limit=3)
    assert census(loader, folder)[0] == (
        "train: 9 of 12, by its limit, images in 3 classes (a 3, b 3, c 3)"
    )


@pytest.mark.parametrize(
    ("limits", "n_train", "n_test"),
    [({"limit": 1}, 1, 1), ({"limit": 3}, 3, 2), ({"limit": 3, "test_limit": 1}, 3, 1),
     ({"test_limit": 1}, 4, 1)],
)  # fmt: skip
@pytest.mark.parametrize("name", ["image-folder", "imagenet"])
def test_limits_take_the_first_by_name_of_each_class(create, folder, name, limits, n_train, n_test):
    if name == "imagenet":
        (folder / "test").rename(folder / "val")
    loader = create("dataset", name, path=".", **limits)
    loaded = loader.load(folder, download=False)
    splits = ("train", "val" if name == "imagenet" else "test")
    for split, n, names, labels in zip(
        splits, (n_train, n_test), (loaded.train_names, loaded.test_names),
        (loaded.train_labels, loaded.test_labels), strict=True,
    ):  # fmt: skip
        assert names == [f"{split}/{one}/{number}.png" for one in "abc" for number in range(n)]
        assert labels.tolist() == np.repeat([0, 1, 2], n).tolist()
    shape = loader.shape(folder)
    assert (shape.n_train, shape.n_test) == (3 * n_train, 3 * n_test)


@pytest.mark.slow
def test_ten_thousand_and_five_thousand_real_images(create, made_once, shared_data):
    """CIFAR-10 (JPEG): a fifth of the training and half of the test images, all classes alike."""

    def unpack(folder):
        with tarfile.open(shared_data / "cifar10-jpeg.tar.xz") as archive:
            archive.extractall(folder, filter="data")

    folder = made_once("cifar10-jpeg", unpack)
    loader = create("dataset", "image-folder", limit=1000, test_limit=500)
    loaded = loader.load(folder, download=False)
    assert loaded.train_images.shape == (10_000, 3, 32, 32)
    assert loaded.test_images.shape == (5_000, 3, 32, 32)
    assert np.bincount(loaded.train_labels).tolist() == [1000] * 10
    assert np.bincount(loaded.test_labels).tolist() == [500] * 10
    assert loaded.train_names[999] == "train/airplane/0999.jpg"
    assert loaded.test_names[-1] == "test/truck/0499.jpg"
    assert census(loader, folder)[1].startswith("test: 5000 of 10000, by its limit, images in 10")


def test_a_class_without_test_images_is_told(loader, folder):
    for path in (folder / "test" / "c").iterdir():
        path.unlink()
    assert census(loader, folder)[2:] == ["test: no image of c: accuracy says nothing of them"]
    (folder / "test" / "c").rmdir()
    assert census(loader, folder)[2:] == ["test: no image of c: accuracy says nothing of them"]
    assert loader.load(folder, download=False).n_classes == 3


def empty_class(folder):
    (folder / "train" / "d").mkdir()


def nested_class(folder):
    (folder / "train" / "d" / "part1").mkdir(parents=True)
    (folder / "train" / "a" / "0.png").rename(folder / "train" / "d" / "part1" / "0.png")


def broken_link(folder):
    (folder / "train" / "a" / "z.png").symlink_to("nowhere.png")


def link_to_itself(folder):
    (folder / "train" / "a" / "z.png").symlink_to("z.png")


def latin_1(folder):
    below = os.fsencode(folder / "train" / "a")
    os.rename(below + b"/0.png", below + b"/caf\xe9.png")  # noqa: PTH104


def no_test(folder):
    for path in folder.glob("test/*/*"):
        path.unlink()


def two_spellings(folder):
    (folder / "train" / "caf\u00e9").mkdir()
    (folder / "train" / "cafe\u0301").mkdir()
    for number, path in enumerate(folder.glob("train/a/*")):
        name = ("caf\u00e9", "cafe\u0301")[number % 2]
        if number < 2:
            path.rename(folder / "train" / name / path.name)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (empty_class, "class 'd' has no training image. Put images into"),
        (nested_class, "'d' has no training image ('part1' is passed over, a folder below"),
        (broken_link, "train/a/z.png: cannot be read (No such file"),
        (link_to_itself, "train/a/z.png: cannot be read (Too many levels"),
        (latin_1, "train/a/caf\\xe9.png: its name is no text in UTF-8. Rename it"),
        (no_test, "test' holds no image"),
        (two_spellings, "twice, in two spellings of Unicode"),
    ],
)
def test_what_is_refused_is_one_line_with_its_remedy(loader, folder, harm, words):
    harm(folder)
    for ask in (loader.census, lambda root: loader.load(root, download=False)):
        with pytest.raises(UsageError) as raised:
            ask(folder)
        assert words in str(raised.value)
        assert raised.value.remedy
        str(raised.value).encode()  # can be printed


def test_a_class_is_the_same_in_both_spellings_of_unicode(loader, folder):
    (folder / "train" / "b").rename(folder / "train" / "caf\u00e9")
    (folder / "test" / "b").rename(folder / "test" / "cafe\u0301")
    loaded = loader.load(folder, download=False)
    assert loaded.train_labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    by_name = dict(zip(loaded.test_names, loaded.test_labels.tolist(), strict=True))
    assert (by_name["test/cafe\u0301/0.png"], by_name["test/c/0.png"]) == (2, 1)
    assert len(census(loader, folder)) == 2


def test_a_bad_image_is_named_with_reason_and_remedy(create, folder):
    Image.new("F", (6, 6)).save(folder / "test" / "b" / "z.tif")
    loader = create("dataset", "image-folder", side=6)
    with pytest.raises(UsageError, match=r"z\.tif: no image can be read \(its pixels are float"):
        loader.load(folder, download=False)


def test_imagenet_says_what_it_does_not_notice(create, folder):
    (folder / "test").rename(folder / "val")
    lines = census(create("dataset", "imagenet", path="."), folder)
    assert lines[-1].startswith("a file whose content changes in place")


def written(folder, side):
    """A training and a test photograph of two classes, larger than ``side``."""
    rng = np.random.default_rng(0)
    for split in ("train", "val", "test"):
        for name in "ab":
            path = folder / split / name / "0.JPEG"
            path.parent.mkdir(parents=True)
            pixels = rng.integers(0, 256, (side + 20, side + 40, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(path)


def test_imagenet_keeps_files_scaled_unless_it_is_told_otherwise(create, tmp_path):
    written(tmp_path, 256)
    for given, kept_side in (({}, 256), ({"kept_side": 300}, 300), ({"kept_side": 0}, None)):
        loaded = create("dataset", "imagenet", path=".", **given).load(tmp_path, download=False)
        train, test = loaded.train_images, loaded.test_images
        assert (train.framing.side, train.framing.scaled_side) == (224, 256)
        assert train.framing.kept_side == test.framing.kept_side == kept_side
        assert train.framing.training_view is not None
        assert test.framing.training_view is None
        data, kept, _ = train.read_for_keeping(0)
        assert (data == kept) == (kept_side in (None, 300))
        told = " ".join(census(create("dataset", "imagenet", path=".", **given), tmp_path))
        assert ("are kept as JPEGs" in told) == (kept_side is not None)
        assert kept_side is None or f"files of more than {kept_side} pixels" in told


def test_a_folder_that_is_kept_scaled_has_the_same_pixels_decoded_and_streamed(create, tmp_path):
    written(tmp_path, 30)
    shown = []
    for decode_up_to in (4096, 0):
        loader = create("dataset", "image-folder", side=20, kept_side=24, decode_up_to=decode_up_to)
        images = loader.load(tmp_path, download=False).train_images
        shown.append(images if decode_up_to else np.stack([images.read(n)[1] for n in (0, 1)]))
    np.testing.assert_array_equal(*shown)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("imagenet", {"kept_side": 255}, "'kept_side' is 255: value error, should be 256 or more"),
        ("image-folder", {"side": 40, "kept_side": 39}, "should be 40 or more, or 0 for files"),
        ("image-folder", {"side": 0, "kept_side": 39}, "'side' is 0"),
    ],
)
def test_a_kept_side_that_shows_too_little_is_refused(create, name, given, words):
    with pytest.raises(UsageError) as caught:
        create("dataset", name, **given)
    assert words in str(caught.value)

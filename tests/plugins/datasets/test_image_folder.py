"""Class folders: what is used, what is passed over and why, and what is refused."""

import os

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

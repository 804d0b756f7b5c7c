"""The contract of datasets: one line for each breach, that names the plugin."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alharness import Framing, ImageFiles, LabeledImages, PluginError
from alharness.session.contract import checked_images

ORIGIN = "dataset 'odd' (somebody's 1.0)"
RNG = np.random.default_rng(0)
TRAIN, TEST = (RNG.integers(0, 256, (n, 3, 8, 8)).astype(np.uint8) for n in (60, 20))
SOUND = LabeledImages(TRAIN, np.arange(60) % 3, TEST, np.arange(20) % 3, 3)
FILES = ImageFiles([Path("x.png")] * 20, Framing(8))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"n_classes": np.int64(3)},
        {"n_classes": np.uint8(3)},
        {"n_classes": 5},
        {"test_images": FILES},
        {"test_names": [str(number) for number in range(20)]},
    ],
    ids=str,
)
def test_sound(changes):
    checked = checked_images(replace(SOUND, **changes), ORIGIN)
    assert type(checked.n_classes) is int
    assert checked.train_images is TRAIN


BREACHES = [
    ({"n_classes": 3.0}, r"n_classes is 3\.0, expected a whole number of 2 or more"),
    ({"n_classes": True}, "n_classes is True"),
    ({"n_classes": np.bool_(True)}, "n_classes is"),
    ({"n_classes": 1}, "n_classes is 1, expected a whole number of 2 or more"),
    ({"n_classes": None}, "n_classes is None"),
    ({"n_classes": "3"}, "n_classes is '3'"),
    ({"train_images": list(TRAIN)}, "train images are of type list, expected uint8"),
    ({"test_images": None}, "test images are None, expected uint8"),
    ({"train_images": TRAIN / 255}, r"train images are float64 \(60, 3, 8, 8\)"),
    ({"train_images": TRAIN[:, :, :4]}, r"uint8 \(60, 3, 4, 8\)"),
    ({"test_images": TEST[:, 0]}, r"uint8 \(20, 8, 8\)"),
    ({"test_images": TEST[:0], "test_labels": np.arange(0)}, "there is nothing in them"),
    ({"train_images": TRAIN[..., :0, :0]}, "there is nothing in them"),
    ({"test_images": TEST[:, :, :4, :4]}, "are 3 x 8 x 8, its test images 3 x 4 x 4"),
    ({"test_images": TEST[:, :1]}, "are 3 x 8 x 8, its test images 1 x 8 x 8"),
    ({"test_images": replace(FILES, framing=Framing(9))}, "its test images 3 x 9 x 9"),
    ({"train_labels": [0, 1, 2] * 20}, r"labels are of type list, expected int64 \(60,\)"),
    ({"train_labels": SOUND.train_labels.astype(np.int32)}, r"int32 \(60,\), expected int64"),
    ({"train_labels": SOUND.train_labels[1:]}, r"int64 \(59,\), expected int64 \(60,\)"),
    ({"test_labels": SOUND.test_labels + 1}, r"\[0, 3\): that of image 2 is 3, and 5 more"),
    ({"test_labels": SOUND.test_labels - 1}, r"that of image 0 is -1"),
    ({"train_names": ["a"]}, "train_names are 1, of 60 train images"),
]


@pytest.mark.parametrize(("changes", "words"), BREACHES, ids=[words for _, words in BREACHES])
def test_breaches(changes, words):
    with pytest.raises(PluginError, match=words) as raised:
        checked_images(replace(SOUND, **changes), ORIGIN)
    assert raised.value.where == ORIGIN
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("loaded", [None, (TRAIN, TEST), 3])
def test_something_else(loaded):
    words = f"load returned {type(loaded).__name__}, expected LabeledImages"
    with pytest.raises(PluginError, match=words):
        checked_images(loaded, ORIGIN)

"""Every built-in keeps its contract."""

import functools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alharness.registry import discover
from alharness.testing import KINDS, Outcome, find_subject, rules

NAMES = {
    "timm:": "timm:resnet18",
    "vaal": "vaal:epochs=1,width=4",
    "coreset-mip": "coreset-mip:max_pairs=20000",
}
"""A family is checked by one of its members, and what takes long in a short form."""

EXCEPTIONS = {
    "coreset-mip:max_pairs=20000": {
        "order-of-the-pool": "covers of the same, optimal radius are ties between sets of images"
    }
}
"""Rules that a built-in is known to break, with the reason."""

SLOW = {
    "coreset-mip:max_pairs=20000",
    "vaal:epochs=1,width=4",
    "vgg16",
    "wrn-28-2",
    "resnet18",
    "resnext50",
    "shake-shake",
    "densenet121",
    "timm:resnet18",
    "local",
}
"""Their rules take more than a second."""

SLOW_RULES = {"same-answer-in-another-process", "end-to-end"}
"""They start a process, which imports torch, or a bench."""

NEED_A_FILE = {"recorded"}
"""They cannot be built without one; checked below."""

REGISTRY = discover()


def cases():
    named = [(one.kind, NAMES.get(one.name, one.name)) for one in REGISTRY.registered]
    named += [("suite", suite.name) for suite in REGISTRY.suites]
    for kind, name in named:
        if kind in KINDS and name not in NEED_A_FILE:
            for rule in rules(kind):
                slow = name in SLOW or rule.name in SLOW_RULES
                marks = [pytest.mark.slow] if slow else []
                yield pytest.param(kind, name, rule, id=f"{name}-{rule}", marks=marks)


@functools.cache
def subject(kind, name):
    """Without data but those that need no folder."""
    return find_subject(name, kind, data_dir=Path("no-such-folder"))


@pytest.mark.parametrize(("kind", "name", "rule"), list(cases()))
def test_conformance(kind, name, rule):
    one = rule.checked(subject(kind, name))
    known = rule.name in EXCEPTIONS.get(name, {})
    assert (one.outcome is Outcome.BROKEN) == known, one


def test_a_folder_of_images(tmp_path):
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        for name in ("cat", "dog"):
            folder = tmp_path / split / name
            folder.mkdir(parents=True)
            for number in range(3):
                pixels = rng.integers(256, size=(9, 7, 3)).astype(np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    for parameters in ("side=8", "side=8,decode_up_to=0"):
        folder = find_subject(f"image-folder:{parameters}", data_dir=tmp_path)
        for rule in rules("dataset"):
            assert rule.checked(folder).outcome is Outcome.PASSED, rule.checked(folder)


def test_recorded_labels(tmp_path):
    file = tmp_path / "labels.csv"
    lines = (f"{index},{index % 10}\n" for index in range(1000))
    file.write_text("index,label\n" + "".join(lines))
    oracle = find_subject(f"recorded:path={file}")
    for rule in rules("oracle"):
        assert rule.checked(oracle).outcome is Outcome.PASSED, rule.checked(oracle)

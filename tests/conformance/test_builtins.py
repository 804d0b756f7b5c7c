"""Every built-in keeps its contract."""

import functools
from pathlib import Path

import numpy as np
import pytest
import timm
from PIL import Image
from safetensors.torch import save_file

from alharness.registry import discover
from alharness.testing import KINDS, Outcome, find_subject, rules

NAMES = {
    "timm:": "timm:resnet18",
    "skactiveml:": "skactiveml:Falcun",
    "vaal": "vaal:epochs=1,width=4",
    "ta-vaal": "ta-vaal:epochs=1,width=4",
    "sraal": "sraal:epochs=1,width=4",
    "uncertain-gcn": "uncertain-gcn:epochs=20",
    "core-gcn": "core-gcn:epochs=20",
    "coreset-mip": "coreset-mip:max_pairs=20000",
    "batch-bald": "batch-bald:passes=5,samples=50",
    "active-ft": "active-ft:steps=30",
    "oracle-best-of": "oracle-best-of:batches=4",
    "refine": "refine:rounds=2,batches=9",
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
    "ta-vaal:epochs=1,width=4",
    "sraal:epochs=1,width=4",
    "oracle-best-of:batches=4",
    "refine:rounds=2,batches=9",
    "vgg16",
    "wrn-28-2",
    "resnet18",
    "resnet9",
    "resnext50",
    "shake-shake",
    "densenet121",
    "timm:resnet18",
    "local",
}
"""Their rules take more than a second."""

SLOW_RULES = {"same-answer-in-another-process", "end-to-end"}
"""They start a process, which imports torch, or a bench."""

NEED_A_FILE = {"recorded", "file"}
"""They cannot be built without one; checked below."""

REGISTRY = discover()


def cases():
    named = [(one.kind, NAMES.get(one.name, one.name)) for one in REGISTRY.registered]
    # Without weights nothing of it is computed: that is checked below.
    named.remove(("representation", "timm:resnet18"))
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


@pytest.mark.slow
@pytest.mark.parametrize("representation", ["raw", "task-model"])
@pytest.mark.parametrize("rule", rules("sampler"), ids=str)
def test_a_sampler_on_other_features_than_the_scenarios(representation, rule):
    one = rule.checked(subject("sampler", f"typiclust:representation={representation}"))
    assert one.outcome is not Outcome.BROKEN, one


@pytest.mark.slow
def test_chance_that_seldom_decides_is_chance():
    """Refine as published leaves out three of the kit's 203 images at most: it moves a pick."""
    (rule,) = (one for one in rules("sampler") if one.name == "order-of-the-pool")
    one = rule.checked(subject("sampler", "refine"))
    assert (one.outcome, one.seen) == (
        Outcome.NOT_APPLICABLE,
        "the answer depends on the generator",
    )


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


def test_features_of_a_network_of_timm(tmp_path):
    weights = tmp_path / "weights.safetensors"
    network = timm.create_model("test_resnet", pretrained=False)
    save_file(network.state_dict(), weights)
    frozen = find_subject(f"timm:test_resnet:weights={weights},image_size=32", "representation")
    for rule in rules("representation"):
        one = rule.checked(frozen)
        given = rule.name == "given-features"
        assert one.outcome is (Outcome.NOT_APPLICABLE if given else Outcome.PASSED), one


def test_features_of_a_file(tmp_path):
    rows = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    for part in ("train", "test"):
        np.savez(tmp_path / f"{part}.npz", features=rows)
    read = find_subject(f"file:train={tmp_path}/train.npz,test={tmp_path}/test.npz")
    found = {rule.name: rule.checked(read) for rule in rules("representation")}
    kept = {name for name, one in found.items() if one.outcome is Outcome.PASSED}
    assert kept == {"given-features", "declarations"}
    assert not [one for one in found.values() if one.outcome is Outcome.BROKEN]


@pytest.mark.parametrize("name", ["raw", "efficientnet-lite0"])
def test_whether_features_are_the_same_to_the_last_bit_is_told(name):
    one = subject("representation", name)
    if one.create().missing() is not None:
        pytest.skip(str(one.create().missing()))
    (rule,) = (rule for rule in rules("representation") if rule.name == "images-are-independent")
    assert rule.checked(one).seen == "equal to the last bit"

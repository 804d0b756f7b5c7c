"""The suites of frozen features that alharness comes with: the published protocol's numbers."""

from pathlib import Path

import alharness_suites
import pytest

from alharness.protocol.suite.reading import load_suite, protocol_digest, suite_json
from alharness.protocol.suite.trainings import trainings

FOLDER = Path(alharness_suites.__file__).parent
BATCHES = {
    "cifar10": 10, "stl10": 10, "snacks": 20, "flowers102": 25, "dtd": 50, "dopanim": 50,
    "food101": 100, "cifar100": 100, "tiny-imagenet": 200, "imagenet": 1000,
}  # fmt: skip
"""Labels of a query (BoSS, 2603.13109)."""

SUBSETS = {
    "cifar10": 1000, "dopanim": 1000, "food101": 1000, "cifar100": 1000,
    "tiny-imagenet": 5000, "imagenet": 5000,
}  # fmt: skip
"""Unlabeled images that the published baselines see."""

DIGESTS = {
    ("foundation-features", "cifar10-efficientnet-lite0"): "cc3d6caa655c75c3ed380225fbc2101d",
    ("foundation-features", "digits-raw"): "2c03e96431985453c6474774fcc2c29a",
    ("foundation-features", "imagenet"): "1f967b3c8f2857afb8615bc4dda2c373",
    ("low-budget", "cifar10-linear"): "3c45cbea5bed828591f49b8705cbc7fb",
    ("all-budgets", "cifar10-linear"): "7e06f75edf4e42613cbb52d93acde127",
    ("long-tail", "cifar10-ratio-10"): "0f33d59f345ee74f1bbadf27dd75dc73",
    ("long-tail", "cifar10-ratio-100"): "a388b798802bc9573c240fa110140262",
}


def shipped(name):
    return load_suite(FOLDER / f"{name}.toml")


@pytest.mark.parametrize("place", DIGESTS, ids="/".join)
def test_their_protocols_never_change(place):
    """Results of other digests are not ranked together: raise the version, and note the new one."""
    suite = shipped(place[0])
    (scenario,) = [one for one in suite.scenarios if one.name == place[1]]
    assert protocol_digest(suite, scenario) == DIGESTS[place]


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("foundation-features", (10, 12 * 210, 12 * 10 * (1 + 5 * 20))),
        ("low-budget", (10, 100, 10 * (1 + 8 * 9))),
        ("all-budgets", (10, 230, 10 * (1 + 5 * 22))),
        ("long-tail", (10, 420, 2 * 10 * (1 + 5 * 20))),
    ],
)
def test_how_many_models_they_train(name, numbers):
    found = trainings(shipped(name))
    assert (found.cycle, found.method, found.total) == numbers


def test_the_published_protocol():
    suite = shipped("foundation-features")
    assert (suite.protocol.n_initial_sets, suite.protocol.seeds) == (10, 1)
    assert (suite.protocol.held_back_fraction, suite.protocol.validation_fraction) == (0.1, 0)
    assert suite_json(suite)["training"] == {
        "epochs": 200, "normalize": False, "schedule": "cosine", "nesterov": True,
        "weight_decay": 5e-4, "same_start": True, "drop_last": True,
    }  # fmt: skip
    space = {name: one.options for name, one in suite.tuning.space.items()}
    assert space == {"learning-rate": (0.01,), "batch-size": (64,), "optimizer": ("sgd",)}
    published = {one.name: one for one in suite.scenarios if one.name in BATCHES}
    assert published.keys() == BATCHES.keys()
    for name, scenario in published.items():
        budgets = suite.of(scenario).protocol.schedule.cumulative
        assert budgets == tuple(BATCHES[name] * cycle for cycle in range(1, 22))
        assert suite.pool_subset(scenario) == SUBSETS.get(name)
        assert scenario.representation.name == "timm:vit_small_patch14_dinov2.lvd142m"
        assert (scenario.model.label, scenario.features) == ("linear", "float32")
        assert scenario.not_run


def test_what_anybody_can_run_is_not_called_not_run():
    suite = shipped("foundation-features")
    run = {one.name: one for one in suite.scenarios if one.not_run is None}
    assert {name: one.representation.label for name, one in run.items()} == {
        "cifar10-efficientnet-lite0": "efficientnet-lite0",
        "digits-raw": "raw",
    }


def test_budgets_of_the_other_suites():
    low, everything, tail = map(shipped, ("low-budget", "all-budgets", "long-tail"))
    assert low.protocol.schedule.cumulative == tuple(range(10, 101, 10))
    assert low.protocol.initial_draw == "per-class"
    assert everything.protocol.schedule.cumulative == (
        *range(20, 101, 20), *range(200, 1001, 100), *range(2000, 10001, 1000),
    )  # fmt: skip
    assert [one.long_tail.ratio for one in tail.scenarios] == [10, 100]
    assert tail.endpoint.metric == "balanced_accuracy"


@pytest.mark.parametrize("name", ["foundation-features", "low-budget", "all-budgets", "long-tail"])
def test_they_say_what_they_do_otherwise_than_what_they_follow(name):
    suite = shipped(name)
    assert len(suite.departures) >= 5
    assert (FOLDER / f"{name}.toml").read_text().startswith("# ")

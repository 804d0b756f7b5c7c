"""The suites that train on images: every scenario, small, to its end, on real photographs.

One unit of every kind at the settings that a scenario declares, but for the number of images,
of epochs, of runs and of cycles. CIFAR-10 stands in for CIFAR-100, and for ImageNet in its layout.
"""

import json
import re
import shutil
import tarfile
from pathlib import Path, PurePosixPath

import alharness_suites
import pytest

import alharness
from alharness.protocol.suite.reading import load_suite, suite_json, suite_of
from alharness.registry import discover

TOGETHER = (
    "transfer",
    "validation-size",
    "annotation-batch-size",
    "class-imbalance",
    "regularization",
    "strong-regularization",
    "noisy-oracle",
    "baselines",
)
"""What they do not have in scenarios is the same, so one bench runs them all."""
ALONE = ("cifar", "cifar-torchal", "cifar-fast", "digits", "imagenet", "imagenet-strong")
ELSEWHERE = {
    "digits-quick": "test_digits_quick.py",
    "features-quick": "test_suites_on_features.py",
    "foundation-features": "test_suites_on_features.py",
    "low-budget": "test_suites_on_features.py",
    "all-budgets": "test_suites_on_features.py",
    "long-tail": "test_suites_on_features.py",
}
DATASETS = {
    "cifar10": {"name": "cifar10", "parameters": {"as_files": True}},
    "cifar100": {"name": "cifar10", "parameters": {"as_files": True}},
}
SWA = {"name": "swa", "parameters": {"epochs": 1, "frequency": 1}}
"""Of ten images an epoch has two batches: at the default there would be no average."""
CORESET = {"name": "coreset", "parameters": {}}
"""It asks the task model."""


def shipped(name):
    return load_suite(Path(alharness_suites.__file__).with_name(f"{name}.toml"))


def smaller(scenario):
    """A declared scenario on fewer images, with fewer epochs of SWA, and two cycles.

    It is held against nothing: what was published is of another dataset.
    """
    swa = [SWA if one["name"] == "swa" else one for one in scenario["regularizers"]]
    two = {"final_fraction": 0.15} if "query_fraction" in scenario else {}
    data = DATASETS.get(scenario["dataset"]["name"], scenario["dataset"])
    own = {key: value for key, value in scenario.items() if key != "published"}
    return {**own, "dataset": data, "regularizers": swa, **two}


def together():
    """The scenarios of all suites as one, smaller: they have the rest of it in common."""
    everything = [suite_json(shipped(name)) for name in TOGETHER]
    first = everything[0]
    for other in everything:
        assert other["tuning"] == first["tuning"]
        assert other["training"] == first["training"]
        assert other["seed"] == first["seed"]
    scenarios = {}
    for one in (smaller(one) for suite in everything for one in suite["scenarios"]):
        # One name is one scenario: in a workspace it is computed once for several suites.
        assert scenarios.setdefault(one["name"], one) == one
    protocol = {
        **{key: value for key, value in first["protocol"].items() if "fraction" not in key},
        **{"initial_fraction": 0.1, "query_fraction": 0.1, "final_fraction": 0.2},
        "validation_fraction": 0.1,
        "initial_sets": 1,
        "seeds": 1,
    }
    protocol.pop("budgets", None)
    declared = {
        **first,
        "name": "together",
        "protocol": protocol,
        "tuning": {**first["tuning"], "trials": 1},
        "training": {**first["training"], "epochs": 1},
        "methods": {"compared": [CORESET], "reference": CORESET},
        "scenarios": list(scenarios.values()),
    }
    return suite_of(declared, "here")


def alone(name, methods):
    """A suite, smaller, with these methods."""
    declared = suite_json(shipped(name))
    protocol, training = declared["protocol"], declared["training"]
    two = round(protocol["initial_fraction"] + protocol["query_fraction"], 2)
    later = {"later": {**training["later"], "epochs": 1}} if "later" in training else {}
    return suite_of(
        {
            **declared,
            "protocol": {**protocol, "final_fraction": two, "initial_sets": 1, "seeds": 1},
            "tuning": {**declared["tuning"], "trials": 1},
            "training": {**training, "epochs": 1, **later},
            "methods": {"compared": methods, "reference": methods[0]},
            "scenarios": [smaller(one) for one in declared["scenarios"]],
        },
        "here",
    )


def all_methods():
    """Every method of every suite here, each of its settings once."""
    methods = {}
    for name in (*TOGETHER, *ALONE):
        for one in map(_quicker, suite_json(shipped(name))["methods"]["compared"]):
            methods[json.dumps(one, sort_keys=True)] = one
    return list(methods.values())


def _quicker(method):
    """A sampler that trains for one epoch, if it trains."""
    if method["name"] != "vaal":
        return method
    return {**method, "parameters": {**method["parameters"], "epochs": 1}}


@pytest.fixture(scope="module")
def photographs(tmp_path_factory, shared_data):
    """A folder with ten training images of each class, and two test images; and as ImageNet."""
    root = tmp_path_factory.mktemp("paper")
    with tarfile.open(shared_data / "cifar10-jpeg.tar.xz") as archive:
        for member in archive:
            if re.search(r"train/.*/000\d\.jpg$|test/.*/000[01]\.jpg$", member.name):
                archive.extract(member, root, filter="data")
                split, within, name = PurePosixPath(member.name).parts
                layout = root / "imagenet" / {"train": "train", "test": "val"}[split]
                (layout / within).mkdir(parents=True, exist_ok=True)
                shutil.copy(root / member.name, (layout / within / name).with_suffix(".JPEG"))
    return root


@pytest.fixture(scope="module")
def bench(photographs, empty_database):
    """Benches a suite in a workspace of its own, and gives by scenario what was found."""

    def run(suite):
        workspace = photographs / f"workspace-{suite.name}"
        workspace.mkdir()
        shutil.copy(empty_database, workspace / "mlflow.db")
        document = alharness.bench(
            suite, executor="inline", device="cpu", workspace=workspace, data_dir=photographs
        )
        assert document.failures == ()
        return {one.scenario: one for one in document.scenarios}

    return run


@pytest.fixture(scope="module")
def benched(bench):
    """Suites that have a scenario in common have it once."""
    return bench(together())


def test_every_shipped_suite_is_run_by_a_slow_test():
    names = {path.stem for path in Path(alharness_suites.__file__).parent.glob("*.toml")}
    assert names == {*TOGETHER, *ALONE, *ELSEWHERE}
    for name, file in ELSEWHERE.items():
        assert f'"{name}"' in Path(__file__).with_name(file).read_text("utf-8")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", TOGETHER)
def test_every_scenario(benched, name):
    suite = shipped(name)
    for declared in suite.scenarios:
        scenario = benched[declared.name]
        share = declared.validation_fraction or suite.protocol.validation_fraction
        assert scenario.n_validation == round(100 * share)
        first, second = suite.of(declared).protocol.schedule.cumulative[:2]
        assert scenario.labels == (100 * first, 100 * second)
        assert scenario.replay == declared.replay
        (row,) = scenario.methods
        as_declared(scenario, declared)
        (run,) = row.runs
        queries = [cycle.query is not None for cycle in run.cycles]
        assert queries == [declared.replay is None, False]
        assert row.trainings == 2


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ALONE)
def test_every_scenario_of_a_suite_of_its_own(bench, name):
    """With the smallest network all methods are compared."""
    methods = all_methods() if name == "cifar-fast" else [CORESET]
    benched = bench(alone(name, methods))
    for declared in shipped(name).scenarios:
        as_declared(benched[declared.name], declared)
        assert len(benched[declared.name].methods) == len(methods)


def as_declared(scenario, declared):
    """What was trained is what is declared, and every run came to its end."""
    registry = discover()
    for kind in ("model", "loss", "oracle"):
        (component,) = scenario.plugins(kind)
        wanted = registry.component(kind, getattr(declared, kind))
        assert (component.name, component.parameters) == (wanted.name, wanted.parameters)
    regularizers = [one.name for one in scenario.plugins("regularizer")]
    assert regularizers == [one.name for one in declared.regularizers]
    assert {run.state for row in scenario.methods for run in row.runs} == {"done"}

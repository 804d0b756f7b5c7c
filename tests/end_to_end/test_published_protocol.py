"""A bench as protocols of foundation features are: numbers of labels, nothing validated, images
that nobody uses, initial sets per class, samplers that see a part of the pool."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from alharness.protocol.index_sets.file import read_index_sets

SUITE = """
schema = 1
name = "published"
version = 1
title = "As foundation-feature protocols"
[protocol]
initial_sets = 2
seeds = 1
initial_labels = 10
query_labels = 10
final_labels = 30
validation_fraction = 0
held_back_fraction = 0.1
initial_draw = "per-class"
[tuning]
trials = 1
scope = "fixed"
[tuning.space]
learning-rate = 0.05
batch-size = 16
optimizer = "sgd"
[training]
epochs = 2
[queries]
pool_subset = 100
[methods]
compared = ["random", "counting"]
reference = "random"
[[scenarios]]
name = "digits-mlp"
dataset = "digits"
model = { model = "mlp", hidden = 8, layers = 1 }
regularizers = []
oracle = "perfect"
"""
PLUGIN = Path(__file__).parent / "plugin_files" / "counting.py"
N_TRAIN, HELD_BACK = 1437, 144


@pytest.fixture(scope="module")
def benched(made_once, new_alharness):
    """A folder where that was benched, each query in a process that cannot read what it may not."""

    def make(folder):
        command = new_alharness(folder)
        (folder / "suite.toml").write_text(SUITE)
        command.new_workspace("workspace")
        asked = ["--suite", "suite.toml", "--workspace", "workspace", "--plugin-file", PLUGIN]
        outcome = command.run("bench", *asked, "--device", "cpu", "--jobs", "1")
        assert outcome.returncode == 0, outcome.stderr
        (folder / "stdout").write_text(outcome.stdout)

    return new_alharness(made_once("published", make))


def places(command):
    return ["--suite", "suite.toml", "--workspace", "workspace", "--plugin-file", PLUGIN]


def records(command, kind):
    files = command.workspace().record_files()
    return [json.loads(data) for (of, _), data in files.items() if of == kind]


@pytest.mark.slow
def test_the_document_and_the_report(benched):
    document = json.loads((benched.folder / "workspace/reports/published.json").read_text())
    (scenario,) = document["scenarios"]
    assert (scenario["labels"], scenario["n_validation"]) == ([10, 20, 30], 0)
    assert (scenario["n_train"], scenario["n_left_out"]) == (N_TRAIN, HELD_BACK)
    assert document["failures"] == []
    assert scenario["querying"]["pool_subset"] == 100
    for method in scenario["methods"]:
        accuracy = np.array(method["accuracy"], dtype=float)
        assert accuracy.shape == (2, 1, 3)
        assert np.isfinite(accuracy).all()
    said = " ".join((benched.folder / "stdout").read_text().split())
    assert "Nothing was validated: the weights of a training's last epoch count." in said
    assert f"{HELD_BACK} training images are in no set, and no share counts them." in said
    assert "Samplers see 100 unlabeled images, drawn at random, or all where there are" in said


@pytest.mark.slow
def test_trials_validate_nothing_and_keep_the_last_epoch(benched):
    trials = [one["result"] for one in records(benched, "trial")]
    assert len(trials) == 2 + 2 * 2 * 2
    assert {one["validation_accuracy"] for one in trials} == {None}
    assert {one["best_epoch"] for one in trials} == {1}


@pytest.mark.slow
def test_index_sets_leave_and_come_back(benched, tmp_path):
    exported = benched.run("splits", "export", *places(benched), "--out", tmp_path)
    assert exported.returncode == 0, exported.stderr
    content = read_index_sets(tmp_path / "digits-mlp.json")
    left_out = content.initial_sets[0].left_out
    assert len(left_out) == HELD_BACK
    for one in content.initial_sets:
        assert len(one.validation) == 0
        assert one.left_out.tolist() == left_out.tolist()
        everything = np.concatenate([one.initial, one.pool, one.left_out])
        assert np.array_equal(np.sort(everything), np.arange(N_TRAIN))
    assert len(content.runs) == 4
    for run in content.runs:
        picked = np.concatenate([queried.indices for queried in run.queried])
        assert set(picked) <= set(content.initial_sets[run.initial_set].pool)
    imported = benched.run(
        "splits", "import", tmp_path / "digits-mlp.npz", "--out", tmp_path / "s.npz"
    )
    assert "10 labeled, 1283 in the pool, 0 for validation, 144 in no set" in imported.stdout
    assert "validation_fraction = 0.0" in imported.stdout
    text = SUITE.replace("initial_sets = 2", f'initial_sets = "{tmp_path}/s.npz"')
    for line in ("held_back_fraction = 0.1", 'initial_draw = "per-class"'):
        text = text.replace(f"{line}\n", "")
    (tmp_path / "given.toml").write_text(text)
    asked = ["--suite", tmp_path / "given.toml", "--workspace", "workspace"]
    planned = benched.run("plan", *asked, "--plugin-file", PLUGIN, "--json")
    units = json.loads(planned.stdout)["distinct_units"]
    assert units["done"] == units["total"] > 0


@pytest.mark.slow
def test_initial_sets_hold_each_class_once(benched):
    document = json.loads((benched.folder / "workspace/reports/published.json").read_text())
    trials = {one["key"]: one for one in records(benched, "trial")}
    sets = benched.folder / "workspace" / "sets"
    for run in document["scenarios"][0]["methods"][0]["runs"]:
        (name,) = trials[run["cycles"][0]["trial"]]["inputs"]["labeled"]
        with np.load(sets / name[:2] / f"{name}.npz") as arrays:
            assert Counter(arrays["labels"].tolist()) == dict.fromkeys(range(10), 1)


@pytest.mark.slow
def test_samplers_see_a_part_of_what_nobody_labeled(benched):
    queries = records(benched, "query")
    assert len(queries) == 2 * 2 * 2
    for query in queries:
        inputs = query["inputs"]
        assert inputs["pool_subset"] == 100
        if inputs["sampler"]["name"] == "counting":
            labeled = 10 * len(inputs["labeled"])
            assert query["facts"]["notes"] == {"shown": 100, "labeled": labeled}


@pytest.mark.slow
def test_a_bundle_is_packed_checked_and_verified(benched, tmp_path):
    places = ["--workspace", "workspace"]
    packed = benched.run("bundle", "pack", *places, "--out", tmp_path / "b.zip")
    assert packed.returncode == 0, packed.stderr
    checked = benched.run("bundle", "check", tmp_path / "b.zip")
    assert checked.returncode == 0, checked.stderr
    asked = ["--plugin-file", PLUGIN, "--device", "cpu", "--executor", "inline", *places]
    verified = benched.run("bundle", "verify", tmp_path / "b.zip", *asked)
    assert verified.returncode == 0, verified.stdout + verified.stderr

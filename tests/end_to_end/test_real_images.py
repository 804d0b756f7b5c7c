"""Every built-in sampler and model through whole cycles on real images, on the CPU."""

import json
import tarfile

import pytest

from alharness import ExitCode
from alharness.registry import discover

SUITE = """
schema = 1
name = "real-images"
version = 1
title = "A cycle on real images"
[protocol]
initial_sets = 1
seeds = 1
initial_fraction = 0.1
query_fraction = 0.1
final_fraction = 0.2
validation_fraction = 0.1
held_out = 60
[tuning]
trials = 1
scope = "fixed"
[tuning.space]
learning-rate = 1e-3
batch-size = 16
optimizer = "adam"
weight-decay = 1e-5
[training]
epochs = {epochs}
[methods]
compared = {methods}
reference = "{reference}"
[[scenarios]]
name = "cifar10-jpeg"
dataset = {{ dataset = "image-folder", path = "cifar10-jpeg", limit = {limit} }}
model = {model}
regularizers = ["flip-crop", "weight-decay"]
oracle = "perfect"
"""

SETTINGS = {
    "vaal": "epochs = 1, width = 16",
    "ta-vaal": "epochs = 1, width = 16",
    "sraal": "epochs = 1, width = 16",
    "uncertain-gcn": "epochs = 20",
    "core-gcn": "epochs = 20",
    "qbc": "members = 2",
    "batch-bald": "samples = 500",
    "oracle-best-of": "batches = 10",
    "refine": "rounds = 2, batches = 9",
    "active-ft": 'steps = 20, representation = "raw"',
    **dict.fromkeys(
        ("kmeans", "typiclust", "probcover", "max-herding", "tcm", "dcom"),
        'representation = "raw"',
    ),
}
"""What makes a sampler affordable here, or applicable to images; others are as they are."""

ALIKE = ({"tcm", "typiclust"}, {"dcom", "margin"}, {"tod", "qbc"})
"""What may pick the same images in a first query, by definition: tcm begins as typiclust, dcom is
margin where all is covered; tod begins in a random order, as qbc has it where its members agree.
"""

MEMBERS = {"timm:": "timm:resnet18", "skactiveml:": "skactiveml:Falcun"}
"""One member of each family."""


def built_in(kind):
    return [
        one.name
        for one in discover().registered
        if one.kind == kind and one.provenance.distribution == "alharness"
    ]


@pytest.fixture(scope="module")
def bench(new_alharness, tmp_path_factory, shared_data):
    """Runs the suite with what is given, to its end, and gives its results."""
    root = tmp_path_factory.mktemp("real-images")
    with tarfile.open(shared_data / "cifar10-jpeg.tar.xz") as archive:
        archive.extractall(root / "cifar10-jpeg", filter="data")
    command = new_alharness(root)

    def run(name, **changes):
        (root / f"{name}.toml").write_text(SUITE.format(**changes))
        places = ["--suite", f"{name}.toml", "--workspace", name, "--data-dir", root]
        done = command.run_for(500, "bench", *places, "--device", "cpu", "--json")
        assert done.returncode == ExitCode.DONE, done.stderr
        (scenario,) = json.loads(done.stdout)["scenarios"]
        return scenario, command.workspace(name)

    return run


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_sampler(bench):
    samplers = [MEMBERS.get(name, name) for name in built_in("sampler")]
    methods = ", ".join(
        f'{{ sampler = "{name}", {SETTINGS[name]} }}' if name in SETTINGS else f'"{name}"'
        for name in samplers
    )
    scenario, workspace = bench(
        "samplers",
        methods=f"[{methods}]",
        reference="random",
        limit=40,
        epochs=3,
        model='{ model = "small-cnn", width = 16 }',
    )
    assert scenario["labels"] == [40, 80]
    named = [method["method"].split(":")[0] for method in scenario["methods"]]
    assert named == [name.split(":")[0] for name in samplers]
    for method in scenario["methods"]:
        assert {run["state"] for run in method["runs"]} == {"done"}
        assert all(0 < value < 1 for (values,) in method["accuracy"] for value in values)
    records = map(json.loads, workspace.record_files().values())
    queries = [record for record in records if record["kind"] == "query"]
    assert len(queries) == len(samplers)
    picked = {}
    for query in queries:
        (name,) = (one["name"] for one in query["facts"]["plugins"] if one["kind"] == "sampler")
        indices = frozenset(query["result"]["indices"])
        assert len(indices) == 40
        picked.setdefault(indices, set()).add(name)
    assert [names for names in picked.values() if len(names) > 1 and names not in ALIKE] == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("model", [MEMBERS.get(name, name) for name in built_in("model")])
def test_every_model(bench, model):
    scenario, workspace = bench(
        model.replace(":", "-"),
        methods='["margin"]',
        reference="margin",
        limit=16,
        epochs=1,
        model=f'"{model}"',
    )
    (method,) = scenario["methods"]
    assert {run["state"] for run in method["runs"]} == {"done"}
    curves = workspace.curves()
    assert len(curves) == 2
    assert all(len(one["training_loss"]) == 1 for one in curves)

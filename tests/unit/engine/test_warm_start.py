"""Warm starts: a training goes on from exactly the weights that its parent left."""

import json

import pytest
import torch

from alharness import HarnessError
from alharness.engine.device import find_device
from alharness.engine.engine import Engine
from alharness.engine.plugins import Plugins
from alharness.protocol.bench import Place
from alharness.protocol.partition.sets import LabeledSet
from alharness.protocol.suite.reading import parse_suite
from alharness.registry import discover
from alharness.session.resolve import Resolver
from alharness.store.checkpoints import CheckpointMissing, load_weights
from alharness.store.workspace import Workspace

PLUGINS = """
import torch
from torch import nn

import alharness


class Wide(alharness.Regularizer):
    \"\"\"Another hyper-parameter, another network: no warm start takes that over.\"\"\"

    def search_space(self):
        return {"width": alharness.Choice((1, 2))}

    def wrap_model(self, model):
        model.more = nn.Linear(1, self.hyperparameters["width"])
        return model


class PredictedLoss(alharness.TrainingExtension):
    def build(self, num_features, n_classes):
        return nn.Linear(num_features, 1)

    def loss(self, module, batch):
        return ((module(batch.features.detach())[:, 0] - batch.losses) ** 2).mean()


class HighestPredictedLoss(alharness.ScoreSampler):
    needs = alharness.Needs(extension=PredictedLoss())

    def scores(self, pool):
        with torch.no_grad():
            return pool.extension()(pool.embeddings())[:, 0]


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("highest-predicted-loss", HighestPredictedLoss)


@alharness.hookimpl
def alharness_regularizers():
    yield alharness.RegularizerSpec("wide", Wide)
"""
SUITE = """
schema = 1
name = "warm"
version = 1
title = "Warm starts"
[protocol]
initial_sets = 1
seeds = 1
budgets = [20, 40, 60]
validation_fraction = {validation}
warm_start = true
[tuning]
trials = 1
scope = "fixed"
[tuning.space]
learning-rate = 0.05
batch-size = 16
optimizer = "sgd"
{space}
[training]
epochs = 2
[methods]
compared = ["random", "highest-predicted-loss"]
[[scenarios]]
name = "digits"
dataset = "digits"
model = {model}
regularizers = {regularizers}
oracle = "perfect"
{representation}
"""
MODELS = {
    "alone": {"model": '{ model = "mlp", hidden = 8, layers = 1 }'},
    "in the span of a stack": {"model": '"linear"', "representation": 'representation = "raw"'},
    "in a stack": {
        "model": '{ model = "mlp", hidden = 8, layers = 1, dropout = 0.5 }',
        "representation": 'representation = "raw"',
    },
}
SETTINGS = {"representation": "", "regularizers": "[]", "space": "", "validation": 0}


class Trainings:
    """Trials of one labeled set, each started from another one or from an initialization."""

    def __init__(self, folder, **settings):
        file = folder / "plugins.py"
        file.write_text(PLUGINS)
        registry = discover([file])
        self.workspace = Workspace(folder / "workspace")
        self.engine = Engine(self.workspace, Plugins(registry), find_device("cpu"))
        suite = parse_suite(SUITE.format(**{**SETTINGS, **settings}), "warm")
        self.bench = Resolver(registry, self.workspace, folder, False).bench(suite, "warm")
        (self.condition,) = self.bench.conditions
        for unit in self.bench.features(self.condition, self.bench.methods[0]):
            self.engine.execute(unit)

    def unit(self, cycle, parent=None, extension=None, **values):
        """A trial whose parent is trained."""
        if parent is not None:
            self.record(parent)
        labeled = LabeledSet(self.condition.starts[0].labeled)
        usual = self.bench.draws(self.condition, 0, 0)[0]
        return self.bench.trial(
            self.condition, Place(0, 0), cycle, 0, labeled, {**usual, **values},
            extension=extension, parent=parent,
        )  # fmt: skip

    def record(self, unit):
        if self.workspace.records.read("trial", unit.key) is None:
            self.workspace.keep_sets(unit)
            self.engine.execute(unit)
        return self.workspace.records.read("trial", unit.key)

    def weights(self, unit):
        checkpoint = self.record(unit).result["checkpoint"]
        return load_weights(self.workspace.checkpoints.checked(unit.key, checkpoint))


def are_same(one, other):
    """Bit for bit: a minus before a zero counts."""
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype
        and one[name].numpy().tobytes() == other[name].numpy().tobytes()
        for name in one
    )


@pytest.mark.parametrize("model", MODELS)
def test_a_training_that_moves_nothing_leaves_its_parents_weights(tmp_path, model):
    trials = Trainings(tmp_path, **MODELS[model])
    parent = trials.unit(0)
    child = trials.unit(1, parent, **{"learning-rate": 0.0})
    assert are_same(trials.weights(child), trials.weights(parent))
    assert trials.record(child).result["start"] == trials.record(parent).result["checkpoint"]
    cold = trials.unit(1, **{"learning-rate": 0.0})
    assert not are_same(trials.weights(cold), trials.weights(parent))
    assert "start" not in trials.record(cold).result


def test_it_trains_from_there(tmp_path):
    trials = Trainings(tmp_path, **MODELS["alone"])
    parent = trials.unit(0)
    child, cold = trials.unit(1, parent), trials.unit(1)
    before, warm, other = (
        trials.weights(one)["model.head.weight"] for one in (parent, child, cold)
    )
    assert 0 < torch.dist(before, warm) < torch.dist(before, other)


def test_nothing_but_weights_is_taken_over(tmp_path):
    """Two parents with the same weights and other momenta: at a rate of 0 these go on changing."""
    trials = Trainings(tmp_path, **MODELS["alone"])
    parent = trials.unit(0)
    same = trials.unit(1, parent, **{"learning-rate": 0.0})
    assert are_same(trials.weights(trials.unit(2, parent)), trials.weights(trials.unit(2, same)))


AVERAGED = '[{ regularizer = "swa", epochs = 5, frequency = 1, learning_rate = 0.05 }]'


@pytest.mark.parametrize(("regularizers", "replaced"), [("[]", None), (AVERAGED, "Swa")])
def test_buffers_and_averaged_weights_are_the_parents(tmp_path, regularizers, replaced):
    """Batch norm's statistics are those that the parent left, until a batch moves them."""
    from alharness.engine.network import make_network
    from alharness.engine.surroundings import Surroundings
    from alharness.engine.warm_start import start_warm

    model = '{ model = "small-cnn", width = 4 }'
    trials = Trainings(tmp_path, model=model, regularizers=regularizers, validation=0.1)
    parent = trials.unit(0, **{"learning-rate": 1e-4})
    left = trials.weights(parent)
    assert trials.record(parent).result["replaced_by"] == replaced
    assert any("running_var" in name for name in left)
    network = make_network(trials.engine.plugins, parent.inputs.network, [])
    around = Surroundings(trials.workspace, trials.engine.plugins, torch.device("cpu"))
    assert not are_same(network.state_dict(), left)
    digest = start_warm(around, parent.key, network, None)
    assert digest == trials.record(parent).result["checkpoint"]
    assert are_same(network.state_dict(), left)
    assert start_warm(around, None, network, None) is None


def test_an_extension_goes_on_from_its_weights(tmp_path):
    trials = Trainings(tmp_path, **MODELS["alone"])
    (sampler,) = (one for one in trials.bench.methods if one.needs.extension)
    parent = trials.unit(0, extension=sampler)
    child = trials.unit(1, parent, extension=sampler, **{"learning-rate": 0.0})
    assert {"extension.weight", "extension.bias"} < set(trials.weights(parent))
    assert are_same(trials.weights(child), trials.weights(parent))


def test_lost_weights_are_missed(tmp_path):
    trials = Trainings(tmp_path, **MODELS["alone"])
    parent = trials.unit(0)
    trials.record(parent)
    trials.workspace.checkpoints.drop(parent.key)
    with pytest.raises(CheckpointMissing, match="no weights"):
        trials.record(trials.unit(1, parent))


@pytest.mark.parametrize("model", ["alone", "in a stack"])
def test_damaged_weights_are_not_gone_on_from(tmp_path, model):
    trials = Trainings(tmp_path, **MODELS[model])
    parent = trials.unit(0)
    path = trials.workspace.checkpoints.checked(
        parent.key, trials.record(parent).result["checkpoint"]
    )
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointMissing, match="damaged weights"):
        trials.record(trials.unit(1, parent))
    assert not path.exists()
    assert trials.workspace.records.damaged()


def test_weights_of_another_network_are_refused_in_a_line(tmp_path):
    trials = Trainings(
        tmp_path, model=MODELS["alone"]["model"], regularizers='["wide"]', space="width = 1"
    )
    parent = trials.unit(0, width=1)
    trials.record(parent)
    with pytest.raises(HarnessError, match="are of another network: size mismatch") as caught:
        trials.record(trials.unit(1, parent, width=2))
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_a_bench_records_whose_weights_each_trial_read(workbench, registry):
    """Of two methods with a committee, stacked ones among them; weights lost on the way."""
    text = SUITE.replace('"highest-predicted-loss"', '{{ sampler = "qbc", members = 2 }}')
    settings = {**SETTINGS, **MODELS["in a stack"], "validation": 0.1}
    bench = Resolver(registry, workbench.workspace, workbench.workspace.root, False).bench(
        parse_suite(text.format(**settings), "warm"), "warm"
    )
    lost = []

    class Losing:
        def bench_surveyed(self, state):
            """All weights are lost when a trial of cycle 2 is about to read some."""
            cycles = [unit.inputs.seed.cycle for unit in state.ready() if unit.kind == "trial"]
            if 2 in cycles and not lost:
                lost.extend(workbench.workspace.checkpoints.keys())
                for key in lost:
                    workbench.workspace.checkpoints.drop(key)

        def __getattr__(self, name):
            return lambda *anything: None

    end = workbench.coordinator(bench, Losing()).run()
    assert len(lost) > 2
    assert all(run.finished for run in end.runs)
    checked = 0
    for path in workbench.workspace.root.glob("records/trial/*/*.json"):
        record = json.loads(path.read_text())
        parent = record["inputs"]["recipe"].get("start")
        assert (parent is None) == (record["inputs"]["seed"]["cycle"] == 0)
        if parent is not None:
            left = workbench.workspace.records.read("trial", parent).result["checkpoint"]
            assert record["result"]["start"] == left
            checked += 1
    assert checked == 2 * 2 + 2

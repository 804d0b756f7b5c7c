"""Initial weights: of each cycle its own, or the same in all cycles of a run."""

import numpy as np
import pytest
import torch

from alharness.engine.device import find_device
from alharness.engine.engine import Engine
from alharness.engine.plugins import Plugins
from alharness.protocol.bench import Place
from alharness.protocol.partition.sets import LabeledSet
from alharness.protocol.suite.reading import parse_suite
from alharness.registry import discover
from alharness.session.resolve import Resolver
from alharness.store.checkpoints import load_weights
from alharness.store.workspace import Workspace

SUITE = """
schema = 1
name = "starting"
version = 1
title = "A learning rate that moves nothing: weights stay what they were initially"
[protocol]
initial_sets = 2
seeds = 2
budgets = [20, 40, 60]
validation_fraction = 0
[tuning]
trials = 1
scope = "fixed"
[tuning.space]
learning-rate = 1e-30
batch-size = 16
optimizer = "sgd"
[training]
epochs = 1
normalize = false
{same_start}
[methods]
compared = ["random", {{ sampler = "qbc", members = 2 }}]
[[scenarios]]
name = "digits"
dataset = "digits"
model = {model}
regularizers = []
oracle = "perfect"
{representation}
"""
TRAINED = {
    "alone": ('{ model = "mlp", hidden = 8, layers = 1 }', ""),
    "in a stack": ('"linear"', 'representation = "raw"'),
}


class Starting:
    """Trials of one labeled set that differ by their place, their cycle and what they are for."""

    def __init__(self, folder, registry, trained, same_start):
        self.workspace = Workspace(folder)
        self.engine = Engine(self.workspace, Plugins(registry), find_device("cpu"))
        model, representation = TRAINED[trained]
        text = SUITE.format(
            same_start="same_start = true" if same_start else "",
            model=model,
            representation=representation,
        )
        suite = parse_suite(text, "starting")
        self.bench = Resolver(registry, self.workspace, folder, False).bench(suite, "starting")
        (self.condition,) = self.bench.conditions
        for unit in self.bench.features(self.condition, self.bench.methods[0]):
            self.engine.execute(unit)

    def unit(self, cycle, place=Place(0, 0), purpose="trial", number=0):  # noqa: B008
        labeled = LabeledSet(self.condition.starts[0].labeled)
        values = self.bench.draws(self.condition, 0, 0)[0]
        return self.bench.trial(
            self.condition, place, cycle, number, labeled, values, purpose=purpose
        )

    def weights(self, *asked, **how):
        """What a trial started from, in one row."""
        unit = self.unit(*asked, **how)
        if self.workspace.records.read("trial", unit.key) is None:
            self.workspace.keep_sets(unit)
            self.engine.execute(unit)
        recorded = self.workspace.records.read("trial", unit.key).result["checkpoint"]
        loaded = load_weights(self.workspace.checkpoints.checked(unit.key, recorded))
        return torch.cat([one.flatten() for _, one in sorted(loaded.items())])


@pytest.fixture(params=TRAINED)
def starting(request, tmp_path):
    registry = discover()
    return lambda same_start: Starting(tmp_path / "here", registry, request.param, same_start)


def test_each_cycle_has_initial_weights_of_its_own(starting):
    trials = starting(same_start=False)
    assert not torch.equal(trials.weights(0), trials.weights(1))


def test_all_cycles_of_a_run_start_from_the_same_weights(starting):
    trials = starting(same_start=True)
    first = trials.weights(0)
    assert torch.equal(first, trials.weights(1))
    assert torch.equal(first, trials.weights(2))
    others = [
        trials.weights(0, Place(1, 0)),
        trials.weights(0, Place(0, 1)),
        trials.weights(0, purpose="committee"),
        trials.weights(0, purpose="committee", number=1),
    ]
    everything = np.stack([first, *others])
    assert len(np.unique(everything, axis=0)) == len(everything)


def test_only_who_asks_for_it_gets_other_keys(starting):
    usual, same = starting(same_start=False).unit(1), starting(same_start=True).unit(1)
    assert "same_start" not in usual.inputs.spelled()
    assert same.inputs.recipe.same_start
    assert usual.key != same.key

"""A training extension in a bench: planned, trained along, kept, and shown to its sampler."""

import pytest

from alharness.protocol.planning.run import Slot, State
from alharness.registry import discover

PLUGINS = """
import torch
from torch import nn

import alharness


class Watching(alharness.Sampler):
    def query(self, pool, budget, rng):
        return rng.choice(pool.n_unlabeled, budget, replace=False)


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
    yield alharness.SamplerSpec("watching", Watching)
    yield alharness.SamplerSpec("highest-predicted-loss", HighestPredictedLoss)
"""


@pytest.fixture
def end(workbench, tmp_path):
    file = tmp_path / "predicted.py"
    file.write_text(PLUGINS)
    bench = type(workbench)(tmp_path / "workspace", discover([file]), (file,))
    coordinator = bench.coordinator(bench.bench("watching", "highest-predicted-loss"))
    state = coordinator.run()
    assert not coordinator.failures
    return bench.workspace, {run.method.name: run for run in state.runs}


def test_its_trials_are_its_own_and_carry_the_module(end):
    from safetensors.torch import load_file

    workspace, runs = end
    plain, own = runs["watching"], runs["highest-predicted-loss"]
    assert {run.state for run in runs.values()} == {State.DONE}
    for cycle in range(len(own.chosen)):
        assert own.chosen[cycle].inputs.extension.name == "highest-predicted-loss"
        assert plain.chosen[cycle].inputs.extension is None
    assert own.chosen[0].key != plain.chosen[0].key
    weights = load_file(workspace.root / "checkpoints" / f"{own.chosen[0].key}.safetensors")
    assert {name for name in weights if name.startswith("extension.")} == {
        "extension.weight",
        "extension.bias",
    }
    assert own.steps[Slot(0, "query", 0)].unit.key != plain.steps[Slot(0, "query", 0)].unit.key


def test_another_methods_extension_changes_no_trial_of_a_baseline(end, workbench, tmp_path):
    """Published trap 6: a condition that is always true gives every method the module."""
    _, runs = end
    file = tmp_path / "predicted.py"
    bench = type(workbench)(tmp_path / "alone", discover([file]), (file,))
    coordinator = bench.coordinator(bench.bench("watching"))
    (alone,) = coordinator.run().runs
    assert not coordinator.failures
    together = runs["watching"]
    assert [one.key for one in alone.chosen] == [one.key for one in together.chosen]
    assert {slot: step.unit.key for slot, step in alone.steps.items()} == {
        slot: step.unit.key for slot, step in together.steps.items()
    }

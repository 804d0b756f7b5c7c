"""What a suite says of passes: in the keys of trials, carried out, and no concern of others."""

import pytest
import torch

from alharness import UsageError
from alharness.engine.device import find_device
from alharness.engine.engine import Engine
from alharness.engine.plugins import Plugins
from alharness.protocol.bench import Place
from alharness.protocol.partition.sets import LabeledSet
from alharness.protocol.suite.reading import parse_suite, suite_digest
from alharness.registry import discover
from alharness.session.resolve import Resolver
from alharness.store.checkpoints import load_weights
from alharness.store.workspace import Workspace

SUITE = """
schema = 1
name = "passes"
version = 1
title = "Trials whose passes are computed in several ways"
[protocol]
initial_sets = 1
seeds = 1
budgets = [20, 40]
validation_fraction = 0.05
[tuning]
trials = 1
scope = "fixed"
[tuning.space]
learning-rate = 0.01
batch-size = 16
optimizer = "sgd"
[training]
epochs = 2
{lines}
[methods]
compared = ["random"]
[[scenarios]]
name = "digits"
dataset = "digits"
model = {model}
regularizers = []
oracle = "perfect"
{representation}
"""
CNN = '{ model = "small-cnn", width = 4, features = 8 }'
WAYS = {
    "own": "",
    "bfloat16": 'precision = "bfloat16"',
    "channels last": "channels_last = true",
    "compiled": 'compile = "default"',
    "CUDA graphs": 'compile = "reduce-overhead"',
}


def parse(lines="", model=CNN, representation=""):
    text = SUITE.format(lines=lines, model=model, representation=representation)
    return parse_suite(text, "passes.toml")


@pytest.fixture
def trial(tmp_path):
    """The first trial of a suite, the workspace that it is recorded in, and the engine."""
    registry, workspace = discover(), Workspace(tmp_path)
    engine = Engine(workspace, Plugins(registry), find_device("cpu"))

    def trial(*how, **suite):
        bench = Resolver(registry, workspace, tmp_path, False).bench(parse(*how, **suite), "it")
        (condition,) = bench.conditions
        values = bench.draws(condition, 0, 0)[0]
        labeled = LabeledSet(condition.starts[0].labeled)
        return bench.trial(condition, Place(0, 0), 0, 0, labeled, values), workspace, engine

    return trial


def test_every_way_has_a_key_and_a_digest_of_its_own(trial):
    assert len({trial(lines)[0].key for lines in WAYS.values()}) == len(WAYS)
    assert len({suite_digest(parse(lines)) for lines in WAYS.values()}) == len(WAYS)


def test_defaults_written_out_change_nothing(trial):
    written = 'precision = "float32"\nchannels_last = false'
    assert trial(written)[0].key == trial()[0].key
    assert suite_digest(parse(written)) == suite_digest(parse())


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('precision = "float16"', "precision"),
        ('compile = "max"', "compile"),
        ("channels_last = 1", "channels_last"),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(line, key):
    with pytest.raises(UsageError, match="training") as caught:
        parse(line)
    assert key in caught.value.where


@pytest.mark.parametrize("way", ["bfloat16", "channels last"])
def test_a_trial_is_computed_so_and_keeps_float32(trial, way):
    unit, workspace, engine = trial(WAYS[way])
    other = trial()[0]
    losses = []
    for one in (unit, other):
        workspace.keep_sets(one)
        engine.execute(one)
        result = workspace.records.read("trial", one.key).result
        losses.append(result["validation_loss"])
        weights = load_weights(workspace.checkpoints.checked(one.key, result["checkpoint"]))
        assert {tensor.dtype for tensor in weights.values()} <= {torch.float32, torch.int64}
    if way == "bfloat16":  # one channel of 8 x 8 is summed in the same order either way
        assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)


@pytest.mark.parametrize(
    ("way", "stacked"),
    [("own", True), ("channels last", True), ("bfloat16", False), ("compiled", False)],
)
def test_stacks_compute_in_float32_alone(trial, way, stacked):
    unit, *_ = trial(WAYS[way], model='"linear"', representation='representation = "raw"')
    assert unit.inputs.recipe.stacked is stacked

"""Trials that travel together: one that ends its worker costs the others nothing but time."""

import pytest

from alharness.protocol.planning.survey import next_units
from alharness.registry import discover
from alharness.store.ledger import StoreLedger
from alharness.work import WorkSite

DEADLY = '''
import os
from pathlib import Path

import torch
from alharness_plugins.models.networks.mlp import Mlp

import alharness


class Deadly(Mlp):
    """Ends its process where it is initialized from a seed in a file beside this one."""

    def __init__(self):
        super().__init__(hidden=4, layers=1, dropout=0.0)

    def build(self, n_classes, in_channels, image_size):
        if str(torch.initial_seed()) in Path(__file__).with_name("seeds").read_text().split():
            os._exit(1)
        return super().build(n_classes, in_channels, image_size)


class Watching(alharness.Sampler):
    def query(self, pool, budget, rng):
        return rng.permutation(pool.n_unlabeled)[:budget]


@alharness.hookimpl
def alharness_models():
    yield alharness.ModelSpec("deadly", Deadly)


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("watching", Watching)
'''


@pytest.fixture
def company(workbench, tmp_path):
    """``company(n_deadly)``: a workbench in a folder of its own, and trials that can travel
    together, the first of which end their process."""

    def ready(name, seeds):
        file = tmp_path / "deadly.py"
        file.write_text(DEADLY)
        file.with_name("seeds").write_text(" ".join(map(str, seeds)))
        bench = type(workbench)(tmp_path / name, discover([file]), (file,))
        lines = 'representation = "raw"\n'
        planned = bench.bench("watching", model='"deadly"', sets=3, scenario=lines)
        for unit in next_units(planned, StoreLedger(bench.workspace)):
            bench.execute(unit)
        trials = next_units(planned, StoreLedger(bench.workspace))
        for unit in trials:
            bench.workspace.keep_sets(unit)
        return bench, trials

    def new(n_deadly):
        # A plugin's seeds are known before it is: they follow from the suite alone.
        _, trials = ready("before", [])
        return ready("here", [unit.inputs.seed.torch_seed() for unit in trials[:n_deadly]])

    return new


def carried_out(bench, trials):
    """What each trial raised in worker processes, and whether its record is there."""
    with WorkSite(bench.site) as site:
        outcomes = site.carry_out([unit.to_json() for unit in trials])
    assert [outcome.key for outcome in outcomes] == [unit.key for unit in trials]
    there = [bench.workspace.records.read("trial", unit.key) is not None for unit in trials]
    return [outcome.error for outcome in outcomes], there


@pytest.mark.slow
def test_they_share_one_program(company):
    bench, trials = company(0)
    assert len(trials) >= 3
    assert carried_out(bench, trials) == ([None] * len(trials), [True] * len(trials))
    records = [bench.workspace.records.read("trial", unit.key) for unit in trials]
    assert len({record.facts["seconds"] for record in records}) == 1


@pytest.mark.slow
def test_one_that_ends_its_worker_fails_alone(company):
    bench, (deadly, *others) = company(1)
    errors, there = carried_out(bench, [*others, deadly])
    assert errors[:-1] == [None] * len(others)
    assert there == [True] * len(others) + [False]
    assert deadly.key in str(errors[-1])

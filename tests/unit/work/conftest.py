"""Units of a small bench, ready to be carried out."""

import pytest

import alharness.work
from alharness.protocol.planning.survey import next_units
from alharness.registry import discover
from alharness.store.ledger import StoreLedger

PLUGINS = '''
import os

import alharness.work


class First(alharness.Sampler):
    """Notes its process."""

    def query(self, pool, budget, rng):
        self.notes = {"process": os.getpid()}
        return rng.permutation(pool.n_unlabeled)[:budget]


class Second(First):
    pass


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("watching", First)
    yield alharness.SamplerSpec("second", Second)
'''


class Desk:
    """A workbench and the descriptions of its units."""

    def __init__(self, workbench, bench):
        self.workbench, self.bench = workbench, bench
        self.workspace, self.site = workbench.workspace, workbench.site

    def ready(self, kind):
        """Units of a kind that can be carried out, as executors get them."""
        units = next_units(self.bench, StoreLedger(self.workspace))
        for unit in units:
            self.workspace.keep_sets(unit)
        return [unit.to_json() for unit in units if unit.kind == kind]

    def record(self, unit):
        return self.workspace.records.read(unit["kind"], unit["key"])


@pytest.fixture
def new_desk(workbench, tmp_path):
    """A workbench in another folder, with two samplers, two initial sets and trained trials.

    ``new_desk(name, "other", plugins=…)``: with another sampler, and the code that has it;
    ``scenario``: further lines of the scenario's table.
    """

    def new(name, method="second", plugins="", scenario=""):
        file = tmp_path / "process.py"
        file.write_text(PLUGINS + plugins)
        bench = type(workbench)(tmp_path / name, discover([file]), (file,))
        desk = Desk(bench, bench.bench("watching", method, sets=2, scenario=scenario))
        with alharness.work.InProcessSite(desk.site) as site:
            for kind in ("representation", "trial"):
                for outcome in site.carry_out(desk.ready(kind)):
                    outcome.result()
        return desk

    return new

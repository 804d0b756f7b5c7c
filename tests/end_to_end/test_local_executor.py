"""Executor local: the same results as inline, and samplers that cannot harm the others."""

import json

import pytest

from alharness import ExitCode

HOSTILE = '''
import gc
import json
import os
import random
import sys
import time

import numpy as np
import torch

import alharness


class Sound(alharness.Sampler):
    """Draws from torch's global generator, which is seeded around the query."""

    def query(self, pool, budget, rng):
        return torch.randperm(pool.n_unlabeled)[:budget]


class Hangs(alharness.Sampler):
    def query(self, pool, budget, rng):
        time.sleep(600)


class Dies(alharness.Sampler):
    def query(self, pool, budget, rng):
        os._exit(7)


class Swells(alharness.Sampler):
    def query(self, pool, budget, rng):
        held = []
        while True:
            held.append(np.ones(4 << 20))
            time.sleep(0.01)


class Meddles(alharness.Sampler):
    """Changes whatever it can, then answers soundly."""

    def query(self, pool, budget, rng):
        random.seed(1), np.random.seed(1), torch.manual_seed(1)
        torch.set_default_dtype(torch.float64)
        torch.set_num_threads(2)
        torch.use_deterministic_algorithms(False)
        torch.set_grad_enabled(False)
        os.environ["OMP_NUM_THREADS"] = "2"
        torch.nn.functional.softmax = torch.Tensor.softmax = None
        for given in (pool.images(), pool.logits(), pool.embeddings(), pool.labels()):
            given.zero_()
        for parameter in pool.model().parameters():
            parameter.data.zero_()
        pool.n_classes_seen = 0
        return rng.permutation(pool.n_unlabeled)[:budget]


class Hunts(alharness.Sampler):
    """Looks for labels in every object, and for ways to files that hold them."""

    def query(self, pool, budget, rng):
        found = set()
        for thing in gc.get_objects():
            found.update(self._suspicions(thing, pool.n_unlabeled))
        frame = sys._getframe()
        while frame is not None:
            for name, value in frame.f_locals.items():
                found.update(f"frame {name}: {what}" for what in self._names(value))
            frame = frame.f_back
        for name, value in [*os.environ.items(), *enumerate(sys.argv)]:
            found.update(f"environment {name}: {what}" for what in self._names(value))
        self.notes = {"found": json.dumps(sorted(found))}
        return rng.permutation(pool.n_unlabeled)[:budget]

    def _suspicions(self, thing, n):
        kind = type(thing)
        if str(kind.__module__).startswith("alharness.store"):
            yield f"{kind.__module__}.{kind.__qualname__}"
        if isinstance(thing, (np.ndarray, torch.Tensor)):
            whole = str(thing.dtype).removeprefix("torch.").startswith("int")
            if whole and len(thing.shape) == 1 and thing.shape[0] >= n:
                yield f"{kind.__name__} of {thing.shape[0]} integers"
        if kind in (dict, list, tuple, set, frozenset):
            values = thing.values() if kind is dict else thing
            for value in list(values):
                yield from self._names(value)

    def _names(self, value):
        text = os.fspath(value) if isinstance(value, os.PathLike) else value
        if isinstance(text, str) and len(text) < 4096 and self._secret() in text:
            yield text

    def _secret(self):
        # In two halves, so that the hunter does not find itself.
        return "hunting" + "-ground"


@alharness.hookimpl
def alharness_samplers():
    for name, sampler in list(globals().items()):
        if isinstance(sampler, type) and issubclass(sampler, alharness.Sampler):
            yield alharness.SamplerSpec(name.lower(), sampler)
'''

HOSTILE_NAMES = ["hangs", "dies", "swells", "meddles", "hunts"]


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_the_results_are_those_of_inline(alharness, finished_bench, jobs):
    bench = alharness.bench("--executor", "local", "--jobs", jobs)
    assert bench.returncode == ExitCode.DONE, bench.stderr
    assert alharness.workspace().results() == finished_bench.workspace().results()


@pytest.fixture(scope="module")
def hostile_bench(tmp_path_factory, new_alharness):
    """A bench of good and hostile samplers, and a bench of the good ones alone."""
    command = new_alharness(tmp_path_factory.mktemp("command"))
    ground = tmp_path_factory.mktemp("hunting-ground")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "hostile.py").write_text(HOSTILE)
    small = {"initial_sets": 1, "seeds": 1}
    good = ["random", "margin", "sound"]
    command.suite("good.toml", compared=json.dumps(good), **small)
    command.suite("all.toml", compared=json.dumps(good[:2] + HOSTILE_NAMES + good[2:]), **small)
    options = ["--plugin-file", elsewhere / "hostile.py", "--executor", "local", "--jobs", "2"]
    limits = ["--query-timeout", "15", "--query-memory", "1200"]
    alone, beside = (ground / name for name in ("alone", "beside"))
    command.alone = command.bench(*options, suite="good.toml", workspace=alone)
    command.hostile = command.bench(*options, *limits, "--json", suite="all.toml", workspace=beside)
    command.results = [command.workspace(place).results() for place in (alone, beside)]
    records = map(json.loads, command.workspace(beside).record_files().values())
    notes = [one["facts"]["notes"] for one in records if one["kind"] == "query"]
    command.found = [json.loads(note["found"]) for note in notes if "found" in note]
    return command


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("hangs", "no answer within 15 s (--query-timeout)"),
        ("dies", "its process ended with exit code 7"),
        ("swells", "more than 1200 (--query-memory)"),
    ],
)
def test_its_own_runs_fail_and_name_the_rule(hostile_bench, name, rule):
    assert hostile_bench.hostile.returncode == ExitCode.UNITS_FAILED
    report = json.loads(hostile_bench.hostile.stdout)
    mine = [line for line in report["failures"] if f"sampler '{name}' ((file) -)" in line]
    assert len(mine) == 1, report["failures"]
    assert all(rule in line for line in mine)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["meddles", "hunts"])
def test_who_answers_soundly_is_benched(hostile_bench, name):
    (row,) = [
        row
        for row in json.loads(hostile_bench.hostile.stdout)["scenarios"][0]["methods"]
        if row["method"] == name
    ]
    assert {run["state"] for run in row["runs"]} == {"done"}


@pytest.mark.slow
def test_nothing_else_changes(hostile_bench):
    assert hostile_bench.alone.returncode == ExitCode.DONE, hostile_bench.alone.stderr
    alone, beside = hostile_bench.results
    assert alone.items() <= beside.items()


@pytest.mark.slow
def test_no_label_and_no_way_to_one_is_within_reach(hostile_bench):
    assert len(hostile_bench.found) == 1
    assert hostile_bench.found == [[]]

"""Whatever a sampler's module keeps, no query meets it: results are those of any number of jobs."""

import json

import pytest

from alharness import ExitCode

COUNTING = '''
import itertools

import numpy as np

import alharness

CALLS = itertools.count()


class Counting(alharness.Sampler):
    """Picks by how many queries this module has seen."""

    def query(self, pool, budget, rng):
        self.notes = {"queries_before": (before := next(CALLS))}
        return np.random.default_rng(before).permutation(pool.n_unlabeled)[:budget]


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("counting", Counting)
'''


@pytest.mark.slow
def test_a_counter_in_a_module_gives_the_same_picks_with_one_job_and_with_two(alharness):
    (alharness.folder / "counting.py").write_text(COUNTING)
    alharness.suite(compared='["random", "counting"]', initial_sets=2, seeds=1, final_fraction=0.3)
    results = []
    for jobs in ("1", "2"):
        options = ["--plugin-file", "counting.py", "--executor", "local", "--jobs", jobs]
        bench = alharness.bench(*options, workspace=jobs)
        assert bench.returncode == ExitCode.DONE, bench.stderr
        workspace = alharness.workspace(jobs)
        results.append(workspace.results())
        notes = [
            record["facts"]["notes"]
            for record in map(json.loads, workspace.record_files().values())
            if record["kind"] == "query"
        ]
        assert notes.count({"queries_before": 0}) == 4
    assert results[0] == results[1]

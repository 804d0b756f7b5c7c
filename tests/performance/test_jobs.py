"""Trials per hour against --jobs: small-cnn on digits, worker processes of executor local."""

import time

import pytest
from alharness_plugins.executors.local import LocalExecutor

from alharness import Site
from alharness.executors.coordinator import Coordinator
from alharness.protocol.suite.reading import parse_suite
from alharness.registry import discover
from alharness.session.resolve import Resolver
from alharness.store.workspace import Workspace

SUITE = """
schema = 1
name = "jobs"
version = 1
title = "Trials of about a second"
[protocol]
initial_sets = {initial_sets}
seeds = 1
initial_fraction = 0.40
query_fraction = 0.10
final_fraction = 0.50
validation_fraction = 0.10
[tuning]
trials = 1
scope = "fixed"
[tuning.space]
learning-rate = 0.003
batch-size = 32
optimizer = "adam"
[training]
epochs = {epochs}
[methods]
compared = ["random"]
[[scenarios]]
name = "digits-small-cnn"
dataset = "digits"
model = "small-cnn"
regularizers = []
oracle = "perfect"
"""


def seconds(folder, initial_sets, epochs, jobs):
    """Wall time of a bench, workers' start included."""
    registry, workspace = discover(), Workspace(folder)
    suite = parse_suite(SUITE.format(initial_sets=initial_sets, epochs=epochs), "jobs.toml")
    bench = Resolver(registry, workspace, folder, False).bench(suite, "jobs")
    began = time.perf_counter()
    executor = LocalExecutor(jobs)
    executor.open(Site(workspace=workspace.root, device="cpu"))
    try:
        state = Coordinator(bench, workspace, executor).run()
    finally:
        executor.shutdown()
    assert all(run.state.value == "done" for run in state.runs)
    return time.perf_counter() - began


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_two_jobs_beside_one(tmp_path, benchmark):
    initial_sets, epochs = (2, 1) if benchmark.disabled else (24, 20)
    # Once unmeasured, so that neither is the first to start the process that workers fork from.
    seconds(tmp_path / "warm", 1, 1, 1)
    one = seconds(tmp_path / "one", initial_sets, epochs, 1)
    two = benchmark.pedantic(
        seconds, (tmp_path / "two", initial_sets, epochs, 2), rounds=1, iterations=1
    )
    trials = 2 * initial_sets
    per_hour = {jobs: round(3600 * trials / taken) for jobs, taken in ((1, one), (2, two))}
    benchmark.extra_info.update(trials_per_hour=per_hour, speed_up=round(one / two, 3))
    if not benchmark.disabled:
        print(f"\ntrials per hour {per_hour}: {one / two:.2f} x from 1 to 2 jobs")
        assert one / two >= 1.8

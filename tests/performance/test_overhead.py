"""The harness beside the bare training loop: what records, planning and MLflow cost."""

import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from alharness_plugins.executors.inline import InlineExecutor
from torch.nn.functional import cross_entropy

from alharness import Site
from alharness.engine.plugins import Plugins
from alharness.executors.coordinator import Coordinator
from alharness.observing.observers import Observers
from alharness.protocol.suite.reading import parse_suite
from alharness.registry import discover
from alharness.session.carrying_out import make_tracker
from alharness.session.resolve import Resolver
from alharness.store.workspace import Workspace
from alharness.tracking.tracking_uri import tracking_store

SUITE = """
schema = 1
name = "overhead"
version = 1
title = "Trials of one length"
[protocol]
initial_sets = 1
seeds = 1
initial_fraction = 0.40
query_fraction = 0.10
final_fraction = 0.50
validation_fraction = 0.10
[tuning]
trials = {trials}
scope = "per-initial-set"
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


def bare(bench, plugins, workspace, labeled):
    """Train the model of one trial as one would in a script: same batches, epochs, evaluation."""
    condition = bench.conditions[0]
    pictures = workspace.datasets.images(condition.facts.train_digest)
    images = torch.from_numpy(pictures[np.arange(pictures.shape[0])])
    labels = torch.from_numpy(condition.facts.train_labels)
    validation = condition.starts[0].validation.indices
    x, y = images[labeled].float() / 255, labels[labeled]
    held_x, held_y = images[validation].float() / 255, labels[validation]
    network = plugins.create("model", condition.model.identity).build(10, 1, 8)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.003, fused=True)
    best, weights = -1.0, {}
    for _ in range(bench.suite.training.epochs):
        network.train()
        for rows in torch.randperm(len(x)).split(32):
            loss = cross_entropy(network(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        network.eval()
        with torch.no_grad():
            accuracy = (network(held_x).argmax(1) == held_y).float().mean().item()
        if accuracy > best:
            best = accuracy
            weights = {name: value.clone() for name, value in network.state_dict().items()}
    return weights


class Alternating(InlineExecutor):
    """Before each trial the same one as a script, so that both meet the same moods of a machine."""

    def __init__(self, script):
        self.script = script
        self.bare_seconds = []

    def submit(self, unit):
        if unit["kind"] == "trial":
            began = time.perf_counter()
            self.script(unit)
            self.bare_seconds.append(time.perf_counter() - began)
        return super().submit(unit)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("epochs", "trials"), [(18, 20), (90, 4)], ids=["trials of 1 s", "trials of 5 s"]
)
def test_overhead_beside_the_bare_loop(tmp_path: Path, benchmark, epochs, trials):
    """A bench with two tunings, its query and evaluations, against as many bare trainings.

    What MLflow still has to write when the last unit is done is reported apart: it is
    seconds per bench, however long the bench.
    """
    if benchmark.disabled:
        epochs, trials = 1, 2
    registry, workspace = discover(), Workspace(tmp_path)
    plugins = Plugins(registry)
    suite = parse_suite(SUITE.format(epochs=epochs, trials=trials), "overhead.toml")
    bench = Resolver(registry, workspace, tmp_path, False).bench(suite, "overhead")

    def script(unit):
        bare(bench, plugins, workspace, workspace.sets.labeled(unit["inputs"]["labeled"]).indices)

    def harness():
        executor = Alternating(script)
        executor.open(Site(workspace=workspace.root, device="cpu"))
        observers = Observers()
        coordinator = Coordinator(bench, workspace, executor, observers)
        store = tracking_store(None, tmp_path)
        with closing(make_tracker(coordinator, store, print)) as tracker:
            observers.add("MLflow", tracker)
            began = time.perf_counter()
            state = coordinator.run()
            ran = time.perf_counter()
        assert not state.ready()
        return ran - began, executor.bare_seconds, time.perf_counter() - ran

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        taken, bare_seconds, waited = benchmark.pedantic(harness, rounds=1)
    finally:
        torch.set_num_threads(threads)
    loop = sum(bare_seconds)
    overhead = (taken - 2 * loop) / loop
    assert len(bare_seconds) == 2 * trials
    benchmark.extra_info.update(
        bare_seconds_per_trial=round(loop / (2 * trials), 3),
        overhead=round(overhead, 4),
        seconds_until_all_is_in_mlflow=round(waited, 2),
    )
    if not benchmark.disabled:
        each = loop / (2 * trials)
        print(f"\ntrials of {each:.2f} s: overhead {overhead:+.2%}, MLflow {waited:.1f} s later")
        assert overhead < 0.05

"""Benches of a second, through the real engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from alharness.api.dataset import LabeledImages
from alharness.api.executor import Executor, Site
from alharness.api.needs import SCENARIO
from alharness.engine.engine import Engine
from alharness.engine.plugins import Plugins
from alharness.executors.coordinator import Coordinator
from alharness.protocol.bench import Bench
from alharness.protocol.components import Component, Reference
from alharness.protocol.condition import make_condition
from alharness.protocol.planning.survey import next_units
from alharness.protocol.suite.reading import parse_suite
from alharness.protocol.tuning.search_space import search_space
from alharness.registry import Registry
from alharness.registry.discovery import from_files
from alharness.registry.loading import load
from alharness.session.representations import Representations
from alharness.store.ledger import StoreLedger
from alharness.store.workspace import Workspace
from alharness.testing.images import N_CLASSES, draw_images
from alharness.testing.subject import Subject

SUITE = """
schema = 1
name = "testing"
version = 1
title = "The conformance kit's bench: 30, 60 and 90 labels of 150 images"
[protocol]
initial_sets = {initial_sets}
seeds = 1
initial_fraction = 0.2
query_fraction = 0.2
final_fraction = 0.6
validation_fraction = 0.1
held_out = {held_out}
[tuning]
trials = 1
scope = "fixed"
[tuning.space]
learning-rate = 0.05
batch-size = 16
optimizer = "sgd"
[training]
epochs = 2
[methods]
compared = ["random"]
reference = "random"
[[scenarios]]
name = "testing"
dataset = "testing-images"
model = {{ model = "testing-network", pause = {pause} }}
{shown}
regularizers = []
oracle = "testing-truth"
"""
N_TRAIN, N_TEST = 150, 20
HELD_OUT = 20
"""Images of every pool, for an upper bound that needs some."""
CHANNELS, SIDE = 3, 12
"""Unlike those of the kit's pools."""

FEATURES = "testing-pixels"

PLUGIN = Path(__file__).with_name("bench_plugin.py")

_IMAGES = Component("dataset", "testing-images", {}, "", "testing", "alharness", "-", "")


class TinyBench:
    """Runs of three cycles with one sampler, one from each initial set, in a workspace of its own.

    The sampler is the one that is checked, where it is one, else the kit's witness, which
    notes where it was asked. The scenario trains on images, or on their pixels as features for a
    sampler that needs those. ``pause``: seconds that each network takes longer to build.
    """

    def __init__(
        self, subject: Subject, folder: Path, initial_sets: int = 1, pause: float = 0.0
    ) -> None:
        plugin = load(from_files([PLUGIN])[0])
        registry = Registry((*subject.registry.plugins, plugin), subject.registry.broken)
        self.workspace = Workspace(folder)
        self.site = Site(
            workspace=self.workspace.root,
            plugin_files=(*subject.plugin_files, PLUGIN),
            device="cpu",
        )
        self._registry = registry
        self._sampler = (
            subject.plugin
            if subject.kind == "sampler"
            else registry.component("sampler", Reference("testing-witness"))
        )
        on_features = self._sampler.needs.representation == SCENARIO
        shown = f'representation = "{FEATURES}"' if on_features else ""
        self._suite = SUITE.format(
            initial_sets=initial_sets,
            held_out=HELD_OUT if self._sampler.needs.held_out else 0,
            pause=pause,
            shown=shown,
        )
        self._engine = Engine(self.workspace, Plugins(registry), torch.device("cpu"))

    def failures(self) -> list[str]:
        """Carry out the runs; what failed, a line for each unit."""
        inline = self._registry.component("executor", Reference("inline"))
        executor: Executor = self._registry.create(inline)
        executor.open(self.site)
        coordinator = Coordinator(self.bench(), self.workspace, executor)
        coordinator.run()
        return list(coordinator.failures.values())

    def bench(self) -> Bench:
        """The bench, its images prepared in the workspace."""
        return self._bench(_images())

    def first_query(self) -> list[int]:
        """The dataset indices that the sampler picks in cycle 0. Raises what the engine raises."""
        return self._first_query(self._bench(_images()))

    def first_query_among_other_labels(self) -> list[int]:
        """The same when the hidden labels, and nothing else, are other ones."""
        images = _images()
        start = self._bench(images).conditions[0].starts[0]
        assert start.labeled is not None
        known = np.concatenate([start.labeled.indices, start.validation.indices])
        hidden = np.setdiff1d(np.arange(N_TRAIN), known)
        images.train_labels[hidden] = (images.train_labels[hidden] + 1) % N_CLASSES
        return self._first_query(self._bench(images))

    # The suite names a method only because it must: the bench is given the sampler.
    def _bench(self, images: LabeledImages) -> Bench:
        suite = parse_suite(self._suite, "the conformance kit")
        features = Representations(self._registry, download=False)
        shown = suite.scenarios[0].representation
        facts = self.workspace.datasets.prepare(_IMAGES, "", images)
        condition = make_condition(
            suite,
            suite.scenarios[0],
            facts,
            dataset=_IMAGES,
            model=self._registry.component("model", suite.scenarios[0].model),
            regularizers=(),
            loss=self._registry.component("loss", suite.scenarios[0].loss),
            schedule=self._registry.component("schedule", suite.training.schedule),
            oracle=self._registry.component("oracle", Reference("testing-truth")),
            space=search_space(suite.tuning.space, {}, fixed=True),
            representation=None if shown is None else features.trained_on(shown, features.ready),
        )
        asked_for = features.asked_for([self._sampler], features.ready)
        return Bench(suite, (self._sampler,), (condition,), representations=asked_for)

    def _first_query(self, bench: Bench) -> list[int]:
        ledger = StoreLedger(self.workspace)
        while True:
            for unit in next_units(bench, ledger):
                self.workspace.keep_sets(unit)
                self._engine.execute(unit)
                if unit.kind == "query":
                    record = ledger.record(unit)
                    assert record is not None
                    return sorted(record.result["indices"])
            ledger.refresh()


def _images() -> LabeledImages:
    rng = np.random.default_rng(5)
    train = draw_images(N_TRAIN, rng, CHANNELS, SIDE)
    test = draw_images(N_TEST, rng, CHANNELS, SIDE)
    return LabeledImages(*train, *test, n_classes=N_CLASSES)

"""Fixtures of the tracking's tests: a small bench whose records are made up, not trained."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from alharness.api.space import Choice
from alharness.protocol.bench import Bench
from alharness.protocol.components import Component, MethodNeeds
from alharness.protocol.condition import DatasetFacts, make_condition
from alharness.protocol.machine import Machine
from alharness.protocol.partition.sets import Added, IndexSet
from alharness.protocol.planning.survey import Survey, survey
from alharness.protocol.suite.reading import parse_suite
from alharness.protocol.units import Unit
from alharness.store.records import Record

SUITE = """
schema = 1
name = "small"
version = 1
title = "A small suite"
[protocol]
initial_sets = 2
seeds = {seeds}
initial_fraction = 0.2
query_fraction = 0.2
final_fraction = 0.6
validation_fraction = 0.2
[tuning]
trials = {trials}
scope = "per-initial-set"
[tuning.space]
learning-rate = [0.1, 0.2, 0.3, 0.4]
batch-size = 8
optimizer = "sgd"
[training]
epochs = 3
[methods]
compared = ["random", "margin"]
reference = "random"
[[scenarios]]
name = "s"
dataset = "d"
model = "m"
regularizers = []
oracle = "o"
"""
N_TRAIN = 50
CURVES = {
    "training_loss": [3.0, None, 1.0],
    "validation_accuracy": [0.1, 0.2, 0.3],
    "validation_loss": [2.0, 1.5, 1.0],
}
"""Of every trial."""


def component(kind: str, name: str, source: str = "source") -> Component:
    return Component(kind, name, {}, source, name, "dist", "1.0", name)


def make_bench(
    trials: int = 2,
    seeds: int = 1,
    margin_source: str = "source",
    choosers: tuple[str, ...] = (),
    warm: bool = False,
) -> Bench:
    """Where there are ``choosers``, methods that need no model, initial sets are chosen."""
    text = SUITE.format(trials=trials, seeds=seeds)
    if choosers:
        text = text.replace("[tuning]", 'initial_draw = "chosen"\n[tuning]')
        text = text.replace("epochs = 3", "epochs = 3\nnormalize = false")
    if warm:
        text = text.replace("[tuning]", "warm_start = true\n[tuning]", 1)
    suite = parse_suite(text, "suite")
    labels = np.arange(N_TRAIN) % 5
    condition = make_condition(
        suite,
        suite.scenarios[0],
        DatasetFacts("train", "test", labels, 5, 1, 8),
        dataset=component("dataset", "d"),
        model=component("model", "m"),
        regularizers=(),
        loss=component("loss", "l"),
        schedule=component("schedule", "s"),
        oracle=component("oracle", "o"),
        space={"learning-rate": Choice((0.1, 0.2, 0.3, 0.4))},
    )
    methods = (component("sampler", "random"), component("sampler", "margin", margin_source))
    needing = (replace(one, needs=MethodNeeds(model=one.name not in choosers)) for one in methods)
    return Bench(suite, tuple(needing), (condition,))


class Laboratory:
    """Makes up records: each unit's result follows from its key."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.records: dict[str, Record] = {}
        self.failures: dict[str, str] = {}

    def record(self, unit: Unit) -> Record | None:
        return self.records.get(unit.key)

    def result(self, unit: Unit) -> dict | None:
        record = self.record(unit)
        return None if record is None else record.result

    def curves(self, unit: Unit) -> dict | None:
        record = self.record(unit)
        return None if record is None else CURVES

    def machine(self, unit: Unit) -> Machine | None:
        record = self.record(unit)
        return None if record is None else record.machine

    def seconds(self, unit: Unit) -> float | None:
        record = self.record(unit)
        return None if record is None else record.seconds

    def day(self, unit: Unit) -> date | None:
        record = self.record(unit)
        return None if record is None else record.day

    def picked(self, query: Unit) -> np.ndarray:
        return np.array(self.record(query).result["indices"])

    def origin(self, unit: Unit) -> str | None:
        record = self.record(unit)
        return None if record is None else record.origin

    @property
    def weights(self) -> set[str]:
        return set(self.records)

    def survey(self) -> Survey:
        return survey(self.bench, self, self.failures)

    def work(self, rounds: int | None = None) -> Survey:
        """Finish everything that is ready, so many times; all of it when not told."""
        while (ready := self.survey().ready()) and rounds != 0:
            for unit in ready:
                self.finish(unit)
            rounds = None if rounds is None else rounds - 1
        return self.survey()

    def finish(self, unit: Unit) -> Record:
        facts = {
            "host": "h", "device": "cpu", "started": "2026-01-01T00:00:00.000+00:00",
            "seconds": 2.0 + len(self.records),
            "plugins": [{"kind": "model", "name": "m", "distribution": "dist",
                         "version": "1.0", "source": "source"}],
        }  # fmt: skip
        if unit.kind == "query":
            facts["notes"] = {"gap": 0.5, "ended": "optimal", "proven": True}
        self.records[unit.key] = Record(unit, getattr(self, f"_{unit.kind}")(unit), facts)
        return self.records[unit.key]

    def _trial(self, unit: Unit) -> dict:
        accuracy = int(unit.key[:4], 16) / 2**16
        return {
            "validation_accuracy": accuracy,
            "validation_loss": 1.0,
            "best_epoch": 2,
            "checkpoint": unit.key,
        }

    def _evaluation(self, unit: Unit) -> dict:
        return {"test_accuracy": int(unit.key[:4], 16) / 2**16}

    def _query(self, unit: Unit) -> dict:
        taken = {index for part in unit.sets for index in self._indices(part)}
        pool = sorted(set(range(N_TRAIN)) - taken)
        first = 0 if unit.inputs.sampler.name == "random" else 1
        indices = pool[first : first + unit.inputs.budget]
        return {"indices": indices, "share_of_ties": 0.25}

    def _annotation(self, unit: Unit) -> dict:
        indices = np.array(self.records[unit.inputs.query].result["indices"])
        added = IndexSet(indices, np.zeros_like(indices)).digest
        return {"labels": [0] * 10, "cost": 10.0, "added": added}

    def _indices(self, part: IndexSet | Added) -> list[int]:
        """The images of an index set that a unit names."""
        if isinstance(part, IndexSet):
            return part.indices.tolist()
        return self.records[part.query].result["indices"]


@pytest.fixture
def laboratory() -> Callable[..., Laboratory]:
    """A bench with a laboratory that makes its records up."""
    return lambda **changes: Laboratory(make_bench(**changes))

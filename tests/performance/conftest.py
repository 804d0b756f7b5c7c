"""A bench of more than 100 000 units, and a workspace that holds a share of their records.

Twenty methods, 50 000 images, 150 epochs of curves. What the units would have computed is made up;
suite, plugins, keys, records and their files are real. ``write`` skips the disk's syncs, which
would take minutes.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from alharness.protocol.keys import digest_bytes
from alharness.protocol.partition.sets import IndexSet
from alharness.protocol.planning.survey import Planner
from alharness.protocol.suite.reading import load_suite
from alharness.registry import discover
from alharness.session.resolve import Resolver
from alharness.store.curves import CURVES, write_curves
from alharness.store.ledger import StoreLedger
from alharness.store.records import Record
from alharness.store.workspace import Workspace

METHODS, EPOCHS = 20, 150

PLUGIN = """
import numpy as np
import alharness
from pydantic import Field


class Shade(alharness.Parameters):
    shade: int = Field(0, description="tells one method from another")


class Picks(alharness.Sampler):
    def __init__(self, shade):
        self.shade = shade

    def query(self, pool, budget, rng):
        return rng.choice(pool.n_unlabeled, budget, replace=False)


class Specks(alharness.Dataset):
    def load(self, root, download):
        rng = np.random.default_rng(0)
        images = rng.integers(0, 256, (51_000, 1, 4, 4), dtype=np.uint8)
        labels = rng.integers(0, 10, 51_000)
        return alharness.LabeledImages(
            images[:50_000], labels[:50_000], images[50_000:], labels[50_000:], 10
        )


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("picks", Picks, parameters=Shade)


@alharness.hookimpl
def alharness_datasets():
    yield alharness.DatasetSpec("specks", Specks)
"""

SCENARIO = """
[[scenarios]]
name = "specks-{name}"
dataset = "specks"
model = {{ model = "mlp", hidden = {hidden} }}
regularizers = ["weight-decay"]
oracle = "perfect"
"""

SUITE = """
schema = 1
name = "large"
version = 1
title = "More than 100 000 units"
[protocol]
initial_sets = 5
seeds = 5
initial_fraction = 0.10
query_fraction = 0.10
final_fraction = 0.90
validation_fraction = 0.10
[tuning]
trials = 44
scope = "per-initial-set"
[tuning.space]
learning-rate = {{ log = [1e-5, 1e-2] }}
batch-size = [8, 16, 32, 64]
optimizer = ["sgd", "adam"]
[training]
epochs = {epochs}
[methods]
compared = [{methods}]
reference = {{ sampler = "picks", shade = 1 }}
"""


@pytest.fixture
def large_bench(tmp_path: Path) -> LargeBench:
    """In an empty folder, nothing recorded."""
    return LargeBench(tmp_path)


class LargeBench:
    """The suite and its plugins in a folder, and a workspace beside them."""

    def __init__(self, folder: Path) -> None:
        self.plugin_file, self.suite_file = folder / "picks.py", folder / "large.toml"
        self.plugin_file.write_text(PLUGIN)
        shades = (f'{{ sampler = "picks", shade = {n + 1} }}' for n in range(METHODS))
        scenarios = (
            SCENARIO.format(name=name, hidden=hidden) for name, hidden in (("a", 8), ("b", 9))
        )
        text = SUITE.format(methods=", ".join(shades), epochs=EPOCHS)
        self.suite_file.write_text(text + "".join(scenarios))
        self.workspace = Workspace(folder / "workspace")
        resolver = Resolver(discover([self.plugin_file]), self.workspace, folder, False)
        self.bench = resolver.bench(load_suite(self.suite_file), "large")
        self.truth = self.bench.conditions[0].facts.train_labels
        losses = {
            name: np.linspace(0, 1, EPOCHS).tolist()
            for name in ("training_loss", "validation_loss")
        }
        curves = write_curves(losses)
        self.curves_digest = digest_bytes(curves)
        self._curves_file = folder / CURVES
        self._curves_file.write_bytes(curves)
        self._world = _World(self)
        self._planner = Planner(self.bench, self._world)
        self._queue = list(self._planner.survey().ready())

    @property
    def arguments(self) -> list[str]:
        """The options with which commands open it."""
        return [
            *("--suite", str(self.suite_file), "--plugin-file", str(self.plugin_file)),
            *("--workspace", str(self.workspace.root)),
        ]

    def fill(self, n_records: int | None = None) -> None:
        """Record units, early cycles first, until there are so many records; or all units."""
        computed: set[str] = set()
        while self._queue:
            for n, unit in enumerate(self._queue):
                if len(self._world.slim) == n_records:
                    self._queue = self._queue[n:]
                    self._planner.resurvey(computed, frozenset())
                    return
                self._world.compute(unit)
                computed.add(unit.key)
            self._queue = list(self._planner.resurvey(computed, frozenset()).ready())
            computed = set()

    def write(self, record: Record) -> None:
        """A record's files, as ``Records.write`` names them; equal curves are linked."""
        path = self.workspace.records.path(record.unit.kind, record.unit.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        for name in record.beside:
            path.with_name(f"{record.unit.key}.{name}").hardlink_to(self._linked_curves(path))
        path.write_text(json.dumps(record.to_json()))

    def _linked_curves(self, record: Path) -> Path:
        """One file per folder of records: a file has at most 65 000 links on ext4."""
        path = self._curves_file.with_name(f"{record.parent.name}.npz")
        if not path.exists():
            path.write_bytes(self._curves_file.read_bytes())
        return path

    def keep_index(self) -> None:
        """Leave the index that a bench leaves."""
        StoreLedger(self.workspace).keep()


class _World:
    """A ledger of made-up results."""

    def __init__(self, large: LargeBench) -> None:
        self._large = large
        self.slim: dict[str, dict] = {}
        self.weights: set[str] = set()
        self._picked: dict[str, np.ndarray] = {}

    def result(self, unit):
        return self.slim.get(unit.key)

    def compute(self, unit) -> None:
        rng = np.random.default_rng(int(unit.key[:12], 16))
        beside: dict[str, str] = {}
        match unit.kind:
            case "trial":
                self.weights.add(unit.key)
                result = {
                    "validation_accuracy": float(rng.random()),
                    "validation_loss": float(rng.random()),
                    "checkpoint": unit.key,
                }
                beside = {CURVES: self._large.curves_digest}
            case "evaluation":
                result = {"test_accuracy": float(rng.random()), "test_loss": 1.0}
            case "query":
                n = unit.inputs.budget
                self._picked[unit.key] = rng.choice(50_000, n, replace=False)
                result = {"indices": self._picked[unit.key].tolist(), "share_of_ties": 0.0}
            case _:
                indices = self._picked.pop(unit.inputs.query)
                labels = self._large.truth[indices]
                added = IndexSet(indices.astype(np.int64), labels).digest
                result = {"labels": labels.tolist(), "cost": 1.0, "added": added}
        record = Record(unit, result, {"seconds": 1.0}, beside)
        self.slim[unit.key] = record.slim
        self._large.write(record)

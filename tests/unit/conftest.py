"""A small bench without plugins, and a world that answers its units."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from alharness import Choice, LogUniform
from alharness.protocol.bench import Bench
from alharness.protocol.components import Component, MethodNeeds, Reference
from alharness.protocol.condition import DatasetFacts, make_condition
from alharness.protocol.machine import Machine
from alharness.protocol.partition.pool import unlabeled_pool
from alharness.protocol.partition.sets import Added, IndexSet, LabeledSet, joined
from alharness.protocol.planning.survey import Planner, Survey, survey
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.suite.reading import suite_json, suite_of
from alharness.protocol.units import Unit

N_TRAIN, N_CLASSES = 60, 3
SIZES = (6, 12, 18)
MACHINE = Machine("a processor", "AVX2", "cpu")
DAY = date(2026, 1, 31)
NOTHING = IndexSet(np.zeros(0, dtype=np.int64))


def component(kind: str, name: str, **parameters: object) -> Component:
    """A plugin that nobody builds."""
    label = f"{name}:{parameters}" if parameters else name
    return Component(kind, name, parameters, f"source of {name}", name, "(test)", "1", label)


@pytest.fixture(scope="session")
def make_bench() -> Callable[..., Bench]:
    """Builds a bench of 60 images in 3 classes: 6, 12 and 18 labels, 6 for validation.

    ``budgets``, ``protocol``, ``tuning``, ``training``, ``queries`` and ``long_tail`` are tables of
    its suite;
    ``choosers`` are the methods that need no model.
    ``representation`` is what it trains on instead of images, a component, kept in ``features``;
    ``asks`` has the representations that methods ask for by name, components by method.
    """

    def build(
        methods: tuple[str, ...] = ("random", "margin"),
        *,
        scope: str = "per-initial-set",
        trials: int = 2,
        initial_sets: int = 2,
        seeds: int = 2,
        **changes: Any,
    ) -> Bench:
        fixed = scope == "fixed"
        space: dict[str, Any] = {"learning-rate": 0.01, "batch-size": 8, "optimizer": "sgd"}
        fractions = {
            "initial_fraction": 0.1,
            "query_fraction": 0.1,
            "final_fraction": changes.get("final", 0.3),
        }
        shown, asks = changes.get("representation"), changes.get("asks", {})
        trained_on = {}
        if shown is not None:
            trained_on["representation"] = shown.label
            trained_on["features"] = changes.get("features", "float32")
        suite = Suite.model_validate(
            {
                "schema": 1,
                "name": "tiny",
                "version": 1,
                "title": "Tiny",
                "seed": changes.get("seed", 0),
                "protocol": {
                    "initial_sets": initial_sets,
                    "seeds": seeds,
                    "validation_fraction": 0.1,
                    "stop_at_accuracy": changes.get("stop_at_accuracy"),
                    **changes.get("budgets", fractions),
                    **changes.get("protocol", {}),
                },
                "queries": changes.get("queries", {}),
                "tuning": {
                    "trials": 1 if fixed else trials,
                    "scope": scope,
                    "space": space,
                    **changes.get("tuning", {}),
                },
                "training": {"epochs": changes.get("epochs", 2), **changes.get("training", {})},
                "methods": {"compared": list(methods), "reference": methods[0]},
                "scenarios": [
                    {
                        "name": "blobs",
                        "dataset": "blobs",
                        "model": "mlp",
                        "regularizers": [],
                        "oracle": "perfect",
                        "long_tail": changes.get("long_tail"),
                        **trained_on,
                    }
                ],
            }
        )
        labels = np.random.default_rng(7).integers(0, N_CLASSES, N_TRAIN)
        condition = make_condition(
            suite,
            suite.scenarios[0],
            DatasetFacts("train", changes.get("test", "test"), labels, N_CLASSES, 1, 8),
            dataset=component("dataset", "blobs"),
            model=component("model", changes.get("model", "mlp")),
            regularizers=(),
            loss=component("loss", "cross-entropy"),
            schedule=component("schedule", "constant"),
            oracle=replace(
                component("oracle", changes.get("oracle", "perfect")),
                labels_stay=changes.get("labels_stay", True),
            ),
            space={
                "learning-rate": LogUniform(1e-3, 1e-1),
                "batch-size": Choice((8,)),
                "optimizer": Choice(("sgd",)),
            },
            representation=shown,
            later_schedule=changes.get("later_schedule"),
        )
        sizes, choosers = changes.get("committees", {}), changes.get("choosers", ())
        samplers = (
            replace(
                component("sampler", name),
                needs=MethodNeeds(
                    committee=sizes.get(name, 0),
                    representation=asks[name].name if name in asks else None,
                    model=name not in choosers,
                ),
            )
            for name in methods
        )
        own = {one.name: one for one in asks.values()}
        return Bench(suite, tuple(samplers), (condition,), representations=own)

    return build


@pytest.fixture(scope="session")
def replaying() -> Callable[..., Bench]:
    """``replaying(bench)``: the bench with a scenario ``target`` that replays its own, first one.

    Of another model; ``changes`` are to the scenario. ``first``: it stands before what it replays.
    """

    def make(bench: Bench, *, first: bool = False, **changes: Any) -> Bench:
        (source,) = bench.conditions
        own = {"name": "target", "model": Reference("other"), "replay": source.name, **changes}
        scenarios = [source.scenario, source.scenario.model_copy(update=own)]
        suite = bench.suite.model_copy(
            update={"scenarios": tuple(reversed(scenarios) if first else scenarios)}
        )
        suite = suite_of(suite_json(suite), "here")
        conditions = [
            source,
            make_condition(
                suite,
                next(one for one in suite.scenarios if one.name == "target"),
                source.facts,
                dataset=source.dataset,
                model=component("model", "other"),
                regularizers=source.regularizers,
                loss=source.loss,
                schedule=source.schedule,
                oracle=source.oracle,
                space=source.space,
                representation=changes.get("shown"),
            ),
        ]
        conditions = conditions[::-1] if first else conditions
        return replace(bench, suite=suite, conditions=tuple(conditions))

    return make


class World:
    """A ledger in memory, and what computing a unit would record: a pure function of its key."""

    def __init__(self, bench: Bench, *, test_luck: int = 0) -> None:
        self.labels = bench.conditions[0].facts.train_labels
        self.records: dict[str, dict[str, Any]] = {}
        self.units: dict[str, Unit] = {}
        self.checkpoints: set[str] = set()
        self.features: set[str] = set()
        self.trained: list[str] = []
        self.test_luck = test_luck
        self.machines: dict[str, Machine | None] = {}
        self.took: dict[str, float | None] = {}
        self.days: dict[str, date | None] = {}
        self.lost: set[str] = set()
        self.origins: dict[str, str] = {}
        self.labels_stay = bench.conditions[0].oracle.labels_stay

    def result(self, unit: Unit) -> dict[str, Any] | None:
        return self.records.get(unit.key)

    def machine(self, unit: Unit) -> Machine | None:
        """One that all units were computed on, but those that ``machines`` has."""
        return self.machines.get(unit.key, MACHINE)

    def seconds(self, unit: Unit) -> float | None:
        """What ``took`` says, else a second."""
        return self.took.get(unit.key, 1.0)

    def day(self, unit: Unit) -> date | None:
        """What ``days`` says, else one day for all."""
        return self.days.get(unit.key, DAY)

    def picked(self, query: Unit) -> np.ndarray | None:
        """What a query picked; None for one that is ``lost``."""
        return None if query.key in self.lost else np.array(self.records[query.key]["indices"])

    def origin(self, unit: Unit) -> str | None:
        """The bundle that ``origins`` has; all others were computed here."""
        return self.origins.get(unit.key)

    @property
    def weights(self) -> set[str]:
        return self.checkpoints | self.features

    def compute(self, unit: Unit) -> None:
        """As an engine would: it needs the weights that the unit reads, and writes once."""
        if unit.kind == "trial":
            assert unit.key not in self.checkpoints, "trained though its weights are there"
            for key in unit.inputs.reads().weights:
                assert key in self.checkpoints, "a trial without the weights it starts from"
            self.checkpoints.add(unit.key)
            self.trained.append(unit.key)
        elif unit.kind == "representation":
            assert unit.key not in self.features, "computed though its features are there"
            self.features.add(unit.key)
        else:
            assert unit.key not in self.records, "computed twice"
            for key in unit.inputs.reads().weights:
                assert key in self.checkpoints, f"a {unit.kind} without the weights it reads"
            for key in unit.inputs.reads().records:
                assert key in self.records, f"a {unit.kind} without the record it reads"
        for key in unit.inputs.reads().features:
            assert key in self.features, f"a {unit.kind} without the features it reads"
        self.units[unit.key] = unit
        self.records.setdefault(unit.key, self._answer(unit))

    def until(self, bench: Bench, kind: str, cycle: int) -> Unit:
        """Executes the bench until the next unit is of this kind and cycle; returns it."""
        for _ in range(500):
            state = survey(bench, self)
            self.drop(state)
            unit = state.ready()[0]
            if unit.kind == kind and unit.kind != "evaluation" and unit.inputs.seed.cycle == cycle:
                return unit
            self.compute(unit)
        raise AssertionError(f"no {kind} in cycle {cycle}")

    def _answer(self, unit: Unit) -> dict[str, Any]:
        rng = np.random.default_rng(int(unit.key[:16], 16))
        match unit.kind:
            case "trial":
                if unit.inputs.validation == NOTHING.digest:
                    return {"validation_accuracy": None, "validation_loss": None}
                # Few levels, so that ties are common; one in eight diverges.
                loss = None if rng.random() < 1 / 8 else float(rng.integers(3))
                return {"validation_accuracy": float(rng.integers(4)) / 4, "validation_loss": loss}
            case "representation":
                return {"features": unit.key, "width": 4, "order": "computed", "probe": None}
            case "evaluation":
                luck = np.random.default_rng([self.test_luck, int(unit.key[:16], 16)])
                return {"test_accuracy": float(luck.random())}
            case "query":
                taken = [self.indices(part) for part in unit.sets]
                subset, seed = unit.inputs.pool_subset, unit.inputs.seed
                shown = unlabeled_pool(len(self.labels), taken, subset, seed)
                picked = rng.choice(shown, unit.inputs.budget, replace=False)
                return {"indices": picked.tolist()}
            case _:
                indices = np.asarray(self.records[unit.inputs.query]["indices"])
                labels, given = self.labels[indices], self.given(indices)
                return {
                    "labels": given.tolist(),
                    "cost": float(len(indices)),
                    "added": IndexSet(indices, given).digest,
                    **({} if self.labels_stay else {"corrected": IndexSet(indices, labels).digest}),
                }

    def given(self, indices: np.ndarray) -> np.ndarray:
        """What the oracle says of images."""
        return self.labels[indices]

    def indices(self, part: IndexSet | Added) -> np.ndarray:
        """The images of an index set that a unit names."""
        if isinstance(part, IndexSet):
            return part.indices
        return np.asarray(self.records[part.query]["indices"])

    def labeled(self, labeled: LabeledSet) -> IndexSet:
        """All of a labeled set, from what is recorded."""
        parts = [] if labeled.initial is None else [labeled.initial]
        for part in labeled.added:
            indices = self.indices(part)
            told = IndexSet(indices, np.asarray(self.records[part.annotation]["labels"]))
            true = IndexSet(indices, self.labels[indices])
            (found,) = {
                one.digest: one for one in (told, true) if one.digest == part.digest
            }.values()
            parts.append(found)
        return joined(parts)

    def drop(self, state: Survey) -> None:
        """Remove the weights that nobody needs."""
        assert state.droppable <= self.checkpoints
        self.checkpoints -= state.droppable

    def finish(
        self,
        bench: Bench,
        choose: Callable[[list[Unit]], list[Unit]] = lambda ready: ready,
        failed: frozenset[str] = frozenset(),
        fails: Callable[[Unit], bool] = lambda unit: False,
    ) -> Survey:
        """Execute what is ready until nothing is; ``choose`` says which units of those."""
        planner = Planner(bench, self)
        state = planner.survey(failed)
        for _ in range(2_000):
            self.drop(state)
            ready = list(state.ready())
            assert not any(unit.key in self.records and unit.key in self.weights for unit in ready)
            if not ready:
                return state
            chosen = choose(ready)
            for unit in chosen:
                if fails(unit):
                    failed |= {unit.key}
                else:
                    self.compute(unit)
            state = planner.resurvey({unit.key for unit in chosen}, failed)
        raise AssertionError("the bench does not end")


@pytest.fixture(scope="session")
def world() -> type[World]:
    return World


PLUGINS = '''
import os
from itertools import combinations

import numpy as np
import torch
from torch import nn

import alharness
from alharness_plugins.models.networks.mlp import Mlp


class Watching(alharness.Sampler):
    """Checks what the pool gives, and picks at random."""

    def query(self, pool, budget, rng):
        images, labeled = pool.images(), pool.images("labeled")
        model = pool.model()
        buffers = {name: value.clone() for name, value in pool.model().named_buffers()}
        with torch.no_grad():
            assert torch.allclose(model(images), pool.logits(), atol=1e-5)
            assert torch.allclose(model(labeled), pool.logits("labeled"), atol=1e-5)
            features = model.forward_features(images)
            assert torch.equal(pool.embeddings(), model.forward_head(features, pre_logits=True))
        assert len(labeled) == len(pool.labels()) == pool.n_labeled
        assert all(torch.equal(value, buffers[name]) for name, value in
                   pool.model().named_buffers())
        return rng.choice(pool.n_unlabeled, budget, replace=False)


class Asking(alharness.Sampler):
    """Checks what its committee of two says, and picks at random."""

    needs = alharness.Needs(committee=2)

    def query(self, pool, budget, rng):
        said = torch.cat([part for _, part in pool.committee_probabilities()], dim=1)
        assert said.shape == (2, pool.n_unlabeled, pool.n_classes)
        assert torch.allclose(said.sum(dim=-1), torch.ones(1))
        everyone = [*said, pool.probabilities()]
        assert not any(torch.equal(a, b) for a, b in combinations(everyone, 2))
        return rng.choice(pool.n_unlabeled, budget, replace=False)


class Presuming(alharness.Sampler):
    """Asks a committee that it did not declare."""

    def query(self, pool, budget, rng):
        next(pool.committee_probabilities())


class Raises(alharness.Sampler):
    def query(self, pool, budget, rng):
        raise RuntimeError("on two\\nlines")


class Leaves(alharness.Sampler):
    def query(self, pool, budget, rng):
        raise SystemExit(3)


class Repeats(alharness.Sampler):
    def query(self, pool, budget, rng):
        return [0] * budget


class Unstable(alharness.Model):
    """Other weights on every training."""

    def build(self, n_classes, in_channels, image_size):
        network = Mlp(4, 1, 0.0).build(n_classes, in_channels, image_size)
        nn.init.constant_(network.head.bias, int.from_bytes(os.urandom(3), "little") / 2**24)
        return network


@alharness.hookimpl
def alharness_samplers():
    for name, factory in [("watching", Watching), ("asking", Asking), ("presuming", Presuming),
                          ("raises", Raises), ("leaves", Leaves),
                          ("repeats", Repeats)]:
        yield alharness.SamplerSpec(name, factory)


@alharness.hookimpl
def alharness_models():
    yield alharness.ModelSpec("unstable", Unstable)
'''

SUITE = """
schema = 1
name = "tiny-digits"
version = 1
title = "Tiny digits"
[protocol]
initial_sets = {sets}
seeds = 1
initial_fraction = 0.02
query_fraction = 0.02
final_fraction = {final}
validation_fraction = 0.03
initial_draw = "{draw}"
[tuning]
trials = 1
scope = "fixed"
[tuning.space]
learning-rate = 0.05
batch-size = 16
optimizer = "sgd"
[training]
epochs = 2
normalize = {normalize}
[methods]
compared = {methods}
reference = "{reference}"
[[scenarios]]
name = "digits-mlp"
dataset = "digits"
model = {model}
regularizers = {regularizers}
oracle = {oracle}
"""


class Workbench:
    """A workspace, real plugins and an engine: benches on digits that take a second."""

    def __init__(self, folder: Any, registry: Any, plugin_files: Any = ()) -> None:
        from alharness import Site
        from alharness.engine.device import find_device
        from alharness.engine.engine import Engine
        from alharness.engine.plugins import Plugins
        from alharness.store.workspace import Workspace

        self.registry = registry
        self.workspace = Workspace(folder)
        self.site = Site(workspace=folder, plugin_files=plugin_files, device="cpu")
        self.engine = Engine(self.workspace, Plugins(registry), find_device("cpu"))

    def bench(
        self,
        *methods: str,
        model: str = '{ model = "mlp", hidden = 8, layers = 1 }',
        oracle: str = '"perfect"',
        regularizers: str = "[]",
        sets: int = 1,
        final: float = 0.06,
        draw: str = "uniform",
        scenario: str = "",
        reference: str = "watching",
    ) -> Bench:
        """Where initial sets are "chosen", the first method is the reference.

        ``scenario``: further lines of its table.
        """
        from alharness.protocol.suite.reading import parse_suite
        from alharness.session.resolve import Resolver

        text = SUITE.format(
            methods=list(methods or ("watching",)),
            model=model,
            regularizers=regularizers,
            oracle=oracle,
            sets=sets,
            final=final,
            draw=draw,
            normalize=str(draw != "chosen").lower(),
            reference=methods[0] if draw == "chosen" else reference,
        )
        suite = parse_suite(text + scenario, "tiny")
        return Resolver(self.registry, self.workspace, self.workspace.root, False).bench(suite, "x")

    def coordinator(self, bench: Bench, observers: Any = None) -> Any:
        from alharness_plugins.executors.inline import InlineExecutor

        from alharness.executors.coordinator import Coordinator

        executor = InlineExecutor()
        executor.open(self.site)
        return Coordinator(bench, self.workspace, executor, observers)

    def curves(self, unit: Unit) -> dict[str, Any]:
        """What a trial measured after each epoch; it is executed unless it was."""
        if self.workspace.records.read(unit.kind, unit.key) is None:
            self.execute(unit)
        record = self.workspace.records.read(unit.kind, unit.key)
        return self.workspace.curves(record)

    def execute(self, unit: Unit) -> dict[str, Any]:
        self.workspace.keep_sets(unit)
        self.engine.execute(unit)
        record = self.workspace.records.read(unit.kind, unit.key)
        assert record is not None
        return record.result


@pytest.fixture(scope="session")
def watching(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A plugin file."""
    file = tmp_path_factory.mktemp("plugins") / "watching.py"
    file.write_text(PLUGINS)
    return file


@pytest.fixture(scope="session")
def registry(watching: Any) -> Any:
    from alharness.registry import discover

    return discover([watching])


@pytest.fixture(scope="session")
def make_workbench() -> type[Workbench]:
    """``make_workbench(folder, registry, plugin_files)``."""
    return Workbench


@pytest.fixture
def workbench(tmp_path: Any, registry: Any, watching: Any) -> Workbench:
    return Workbench(tmp_path, registry, (watching,))

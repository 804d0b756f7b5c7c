"""A bench: a suite with every name resolved, and the units that its runs are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alharness.api.space import Space, Value
from alharness.protocol.components import Component
from alharness.protocol.partition.long_tail import class_counts, long_tailed
from alharness.protocol.partition.sets import IndexSet
from alharness.protocol.partition.sizes import labeled_sizes
from alharness.protocol.partition.splits import Split, split
from alharness.protocol.seeds import SeedPath
from alharness.protocol.suite.tables import Scenario, Suite
from alharness.protocol.tuning.search import hyperparameters, tuning_path
from alharness.protocol.units import Unit, make_unit


@dataclass(frozen=True, eq=False)
class DatasetFacts:
    """What the plan needs to know of a prepared dataset.

    ``train_digest`` and ``test_digest`` cover images and labels of a split;
    ``train_labels`` is (n_train,), int64.
    """

    train_digest: str
    test_digest: str
    train_labels: NDArray[np.int64]
    n_classes: int
    in_channels: int
    image_size: int


class Start(NamedTuple):
    """What the runs of one initial set begin with."""

    labeled: IndexSet
    validation: IndexSet


class Place(NamedTuple):
    """A run within its scenario and method."""

    initial_set: int
    seed: int


@dataclass(frozen=True, eq=False)
class Condition:
    """A scenario whose plugins and dataset are there.

    ``sizes`` are the labeled images of each cycle, ``starts`` one per initial set.
    """

    scenario: Scenario
    facts: DatasetFacts
    dataset: Component
    model: Component
    regularizers: tuple[Component, ...]
    loss: Component
    schedule: Component
    oracle: Component
    space: Space
    sizes: tuple[int, ...]
    starts: tuple[Start, ...]

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.scenario.name

    def components(self) -> tuple[Component, ...]:
        """The plugins of the scenario."""
        return (
            self.dataset,
            self.model,
            *self.regularizers,
            self.loss,
            self.schedule,
            self.oracle,
        )


def make_condition(
    suite: Suite,
    scenario: Scenario,
    facts: DatasetFacts,
    *,
    dataset: Component,
    model: Component,
    regularizers: tuple[Component, ...],
    loss: Component,
    schedule: Component,
    oracle: Component,
    space: Space,
) -> Condition:
    """The scenario with its schedule and its initial and validation sets, by the protocol's rules.

    Raises UsageError when the dataset does not fit the protocol's fractions.
    """
    n_train = len(facts.train_labels)
    sizes = labeled_sizes(suite.protocol, n_train)
    starts = []
    for number in range(suite.protocol.n_initial_sets):
        parts = _parts(suite, scenario, facts, number, sizes[0])
        labeled = IndexSet(parts.initial, facts.train_labels[parts.initial])
        starts.append(Start(labeled, IndexSet(parts.validation)))
    return Condition(
        scenario,
        facts,
        dataset,
        model,
        regularizers,
        loss,
        schedule,
        oracle,
        space,
        sizes,
        tuple(starts),
    )


def _parts(
    suite: Suite, scenario: Scenario, facts: DatasetFacts, initial_set: int, n_initial: int
) -> Split:
    parts = split(suite.protocol, len(facts.train_labels), initial_set, suite.seed)
    if scenario.long_tail is None:
        return parts
    law = scenario.long_tail.model_dump()
    counts = class_counts(facts.n_classes, n_initial, **law)
    return long_tailed(parts, facts.train_labels, counts, f"{scenario.name}.long_tail")


@dataclass(frozen=True, eq=False)
class Bench:
    """Everything that determines what is computed: the input of ``next_units``."""

    suite: Suite
    methods: tuple[Component, ...]
    conditions: tuple[Condition, ...]
    memo: dict[tuple[str, int, int], Sequence[Mapping[str, Value]]] = field(
        default_factory=dict, repr=False
    )

    def places(self) -> Iterator[Place]:
        """Every run of a scenario and method, those that tune before those that reuse."""
        protocol = self.suite.protocol
        for initial_set in range(protocol.n_initial_sets):
            for seed in range(protocol.seeds):
                yield Place(initial_set, seed)

    def tuner(self, place: Place) -> Place | None:
        """The run whose tuning gives this run its hyper-parameters; None when they are fixed."""
        match self.suite.tuning.scope:
            case "fixed":
                return None
            case "first-initial-set":
                return Place(0, 0)
            case _:
                return Place(place.initial_set, 0)

    def components(self) -> tuple[Component, ...]:
        """Every plugin that the bench depends on."""
        parts = (part for condition in self.conditions for part in condition.components())
        return (*self.methods, *parts)

    def draws(
        self, condition: Condition, initial_set: int, cycle: int
    ) -> Sequence[Mapping[str, Value]]:
        """Hyper-parameters of a tuning's trials, in their order; the same for every sampler."""
        at = (condition.name, initial_set, cycle)
        if at not in self.memo:
            path = tuning_path(self.suite.seed, condition.name, initial_set, cycle)
            trials = 1 if self.suite.tuning.scope == "fixed" else self.suite.tuning.trials
            self.memo[at] = hyperparameters(condition.space, path, trials)
        return self.memo[at]

    def trial(
        self,
        condition: Condition,
        place: Place,
        cycle: int,
        number: int,
        labeled: IndexSet,
        values: Mapping[str, Value],
        purpose: Literal["trial", "committee"] = "trial",
    ) -> Unit:
        """Train one model on a labeled set. The sampler is no part of it.

        ``number`` tells apart the trials of a tuning, or the members of a committee.
        """
        start = condition.starts[place.initial_set]
        training = self.suite.training
        inputs = {
            **_network(condition, values),
            "labeled": labeled.digest,
            "validation": start.validation.digest,
            "loss": condition.loss.identity,
            "recipe": {
                "epochs": training.epochs,
                "schedule": condition.schedule.identity,
                "momentum": training.momentum,
                "nesterov": training.nesterov,
                "weight_decay": training.weight_decay,
                "precision": "float32",
                "threads": 1,
                "normalization": start.labeled.digest if training.normalize else None,
                "start": None,
            },
            "seed": self._path(condition, place, cycle, purpose, number),
        }
        return make_unit("trial", inputs, (labeled, start.validation, start.labeled))

    def evaluation(self, condition: Condition, chosen: Unit) -> Unit:
        """Measure a chosen model on the test images, once."""
        inputs = {
            **_network(condition, chosen.inputs["hyperparameters"]),
            "trial": chosen.key,
            "test": condition.facts.test_digest,
        }
        return make_unit("evaluation", inputs)

    def query(
        self,
        condition: Condition,
        method: Component,
        place: Place,
        cycle: int,
        labeled: IndexSet,
        models: Sequence[Unit],
        committee: Sequence[Unit],
    ) -> Unit:
        """Ask the sampler for the next cycle's images.

        ``models`` are the chosen trials so far; the last two are read.
        ``committee`` are the further models that the method declares.
        """
        chosen = models[-1]
        validation = condition.starts[place.initial_set].validation
        inputs = {
            **_network(condition, chosen.inputs["hyperparameters"]),
            "sampler": method.identity,
            "trial": chosen.key,
            "previous": _previous(models),
            "committee": [member.key for member in committee],
            "labeled": labeled.digest,
            "validation": validation.digest,
            "budget": condition.sizes[cycle + 1] - condition.sizes[cycle],
            "seed": self._path(condition, place, cycle, "query"),
        }
        return make_unit("query", inputs, (labeled, validation))

    def annotation(self, condition: Condition, place: Place, cycle: int, query: Unit) -> Unit:
        """Ask the oracle for the labels of what was queried."""
        inputs = {
            "data": condition.facts.train_digest,
            "n_classes": condition.facts.n_classes,
            "oracle": condition.oracle.identity,
            "query": query.key,
            "seed": self._path(condition, place, cycle, "annotation"),
        }
        return make_unit("annotation", inputs)

    def _path(
        self, condition: Condition, place: Place, cycle: int, purpose: str, number: int = 0
    ) -> dict[str, Any]:
        return SeedPath(
            suite_seed=self.suite.seed,
            purpose=purpose,
            scenario=condition.name,
            initial_set=place.initial_set,
            seed=place.seed,
            cycle=cycle,
            number=number,
        ).to_json()


def _network(condition: Condition, values: Mapping[str, Value]) -> dict[str, Any]:
    """What a network is built from: the inputs that trials, evaluations and queries share."""
    facts = condition.facts
    return {
        "data": facts.train_digest,
        "n_classes": facts.n_classes,
        "in_channels": facts.in_channels,
        "image_size": facts.image_size,
        "model": condition.model.identity,
        "regularizers": [regularizer.identity for regularizer in condition.regularizers],
        "hyperparameters": dict(values),
    }


def _previous(models: Sequence[Unit]) -> dict[str, Any] | None:
    """The model of the cycle before: its trial and the hyper-parameters it was built with."""
    if len(models) < 2:
        return None
    before = models[-2]
    return {"trial": before.key, "hyperparameters": before.inputs["hyperparameters"]}

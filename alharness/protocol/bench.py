"""A bench: a suite with every name resolved, and the units that its runs are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alharness.api.dataset import DatasetShape
from alharness.api.space import Space, Value
from alharness.protocol.components import Component
from alharness.protocol.partition.long_tail import class_counts, long_tailed
from alharness.protocol.partition.sets import IndexSet, LabeledSet
from alharness.protocol.partition.sizes import labeled_sizes
from alharness.protocol.partition.splits import Split, split
from alharness.protocol.seeds import SeedPath
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.suite.tables import Scenario
from alharness.protocol.tuning.search import hyperparameters, tuning_path
from alharness.protocol.units import (
    AnnotationInputs,
    ChosenModel,
    EvaluationInputs,
    Identity,
    Network,
    QueryInputs,
    Recipe,
    Stored,
    TrialInputs,
    Unit,
    make_unit,
)


class RepeatedImages(NamedTuple):
    """Test images whose pixels are those of a training image.

    How many of how many test images, and examples: a training image and a test image, by name.
    """

    n: int
    n_test: int
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class DatasetFacts:
    """What the plan needs to know of a prepared dataset.

    ``train_digest`` and ``test_digest`` cover images and labels of a split;
    ``train_labels`` is (n_train,), int64. ``repeated`` is None where an earlier version prepared
    the data and nobody looked.
    """

    train_digest: str
    test_digest: str
    train_labels: NDArray[np.int64]
    n_classes: int
    in_channels: int
    image_size: int
    repeated: RepeatedImages | None = None

    @property
    def n_train(self) -> int:
        """Number of training images."""
        return len(self.train_labels)


class Start(NamedTuple):
    """What the runs of one initial set begin with, and the recipe of their trials."""

    labeled: IndexSet
    validation: IndexSet
    recipe: Recipe


class Place(NamedTuple):
    """A run within its scenario and method."""

    initial_set: int
    seed: int


@dataclass(frozen=True, eq=False)
class Condition:
    """A scenario whose plugins are there.

    ``sizes`` are the labeled images of each of the ``cycles``, ``starts`` one per
    initial set. Before the dataset is prepared, ``prepared`` is None and ``starts`` is
    empty, and so is ``sizes`` when the dataset does not declare how many images it has.
    """

    scenario: Scenario
    prepared: DatasetFacts | None
    dataset: Component
    model: Component
    regularizers: tuple[Component, ...]
    loss: Component
    schedule: Component
    oracle: Component
    space: Space
    cycles: int
    sizes: tuple[int, ...]
    starts: tuple[Start, ...]

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.scenario.name

    @property
    def facts(self) -> DatasetFacts:
        """What is known of the prepared dataset."""
        assert self.prepared is not None
        return self.prepared

    @cached_property
    def network(self) -> Network:
        """What its networks are built from."""
        facts = self.facts
        return Network(
            data=facts.train_digest,
            n_classes=facts.n_classes,
            in_channels=facts.in_channels,
            image_size=facts.image_size,
            model=self.model.identity,
            regularizers=tuple(part.identity for part in self.regularizers),
        )

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
    data: DatasetFacts | DatasetShape,
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

    ``data`` is what is known of the dataset: facts once it is prepared, before that what
    it declares. Raises UsageError when it does not fit the protocol's fractions.
    """
    prepared = data if isinstance(data, DatasetFacts) else None
    cycles = len(suite.protocol.cumulative_fractions)
    sizes = () if data.n_train is None else labeled_sizes(suite.protocol, data.n_train)
    course = schedule.identity
    starts = () if prepared is None else _starts(suite, scenario, prepared, sizes[0], course)
    return Condition(
        scenario,
        prepared,
        dataset,
        model,
        regularizers,
        loss,
        schedule,
        oracle,
        space,
        cycles,
        sizes,
        starts,
    )


def _starts(
    suite: Suite, scenario: Scenario, facts: DatasetFacts, n_initial: int, schedule: Identity
) -> tuple[Start, ...]:
    """What each initial set's runs begin with."""
    training = suite.training
    starts = []
    for number in range(suite.protocol.n_initial_sets):
        parts = _parts(suite, scenario, facts, number, n_initial)
        labeled = IndexSet(parts.initial, facts.train_labels[parts.initial])
        recipe = Recipe(
            epochs=training.epochs,
            schedule=schedule,
            momentum=training.momentum,
            nesterov=training.nesterov,
            weight_decay=training.weight_decay,
            normalization=labeled.digest if training.normalize else None,
        )
        starts.append(Start(labeled, IndexSet(parts.validation), recipe))
    return tuple(starts)


def _parts(
    suite: Suite, scenario: Scenario, facts: DatasetFacts, initial_set: int, n_initial: int
) -> Split:
    parts = split(suite.protocol, facts.n_train, initial_set, suite.seed)
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
    ) -> tuple[Mapping[str, Value], ...]:
        """Hyper-parameters of a tuning's trials, in their order; the same for every sampler."""
        path = tuning_path(self.suite.seed, condition.name, initial_set, cycle)
        trials = 1 if self.suite.tuning.scope == "fixed" else self.suite.tuning.trials
        return hyperparameters(condition.space, path, trials)

    def trial(
        self,
        condition: Condition,
        place: Place,
        cycle: int,
        number: int,
        labeled: LabeledSet,
        values: Mapping[str, Value],
        purpose: Literal["trial", "committee"] = "trial",
        extension: Component | None = None,
    ) -> Unit:
        """Train one model on a labeled set, with the training extension of a sampler, if any.

        ``number`` tells apart the trials of a tuning, or the members of a committee.
        """
        start = condition.starts[place.initial_set]
        inputs = TrialInputs(
            network=condition.network,
            hyperparameters=dict(values),
            labeled=labeled.digests,
            validation=start.validation.digest,
            loss=condition.loss.identity,
            recipe=start.recipe,
            extension=None if extension is None else extension.identity,
            seed=self._path(condition, place, cycle, purpose, number),
        )
        return make_unit(inputs, (*labeled.parts, start.validation, start.labeled))

    def evaluation(self, condition: Condition, chosen: Unit) -> Unit:
        """Measure a chosen model on the test images, once."""
        inputs = EvaluationInputs(
            network=condition.network,
            hyperparameters=trained_with(chosen),
            trial=chosen.key,
            test=condition.facts.test_digest,
        )
        return make_unit(inputs)

    def query(
        self,
        condition: Condition,
        method: Component,
        place: Place,
        cycle: int,
        labeled: LabeledSet,
        models: Sequence[Unit],
        committee: Sequence[Unit],
        stored: Stored | None,
    ) -> Unit:
        """Ask the sampler for the next cycle's images.

        ``models`` are the chosen trials so far; the last two are read. ``committee`` are the
        further models that the method declares, ``stored`` is what it stored at its last query.
        """
        validation = condition.starts[place.initial_set].validation
        inputs = QueryInputs(
            network=condition.network,
            hyperparameters=trained_with(models[-1]),
            sampler=method.identity,
            trial=models[-1].key,
            previous=_previous(models),
            committee=tuple(member.key for member in committee),
            labeled=labeled.digests,
            validation=validation.digest,
            budget=condition.sizes[cycle + 1] - condition.sizes[cycle],
            stored=stored,
            sees_labels=method.needs.sees_labels,
            seed=self._path(condition, place, cycle, "query"),
        )
        return make_unit(inputs, (*labeled.parts, validation))

    def annotation(self, condition: Condition, place: Place, cycle: int, query: Unit) -> Unit:
        """Ask the oracle for the labels of what was queried."""
        inputs = AnnotationInputs(
            data=condition.facts.train_digest,
            n_classes=condition.facts.n_classes,
            oracle=condition.oracle.identity,
            query=query.key,
            seed=self._path(condition, place, cycle, "annotation"),
        )
        return make_unit(inputs)

    def _path(
        self, condition: Condition, place: Place, cycle: int, purpose: str, number: int = 0
    ) -> SeedPath:
        return SeedPath(
            suite_seed=self.suite.seed,
            purpose=purpose,
            scenario=condition.name,
            initial_set=place.initial_set,
            seed=place.seed,
            cycle=cycle,
            number=number,
        )


def trained_with(trial: Unit) -> dict[str, Value]:
    """The hyper-parameters of a trial."""
    assert isinstance(trial.inputs, TrialInputs)
    return trial.inputs.hyperparameters


def _previous(models: Sequence[Unit]) -> ChosenModel | None:
    """The model of the cycle before."""
    if len(models) < 2:
        return None
    return ChosenModel(trial=models[-2].key, hyperparameters=trained_with(models[-2]))

"""A bench: a suite with every name resolved, and the units that its runs are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from alharness.api.space import Value
from alharness.protocol.components import Component
from alharness.protocol.condition import Condition
from alharness.protocol.partition.sets import LabeledSet
from alharness.protocol.seeds import SeedPath
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.tuning.search import hyperparameters, tuning_path
from alharness.protocol.units import (
    AnnotationInputs,
    ChosenModel,
    EvaluationInputs,
    QueryInputs,
    Stored,
    TrialInputs,
    Unit,
    make_unit,
)


class Place(NamedTuple):
    """A run within its scenario and method."""

    initial_set: int
    seed: int


@dataclass(frozen=True, eq=False)
class Bench:
    """Everything that determines what is computed: the input of ``next_units``.

    looked_at: labels of the methods that further seeds are run of only while their looks do not
    stop them (``planning.looking``); none, unless the bench was asked for looks.
    """

    suite: Suite
    methods: tuple[Component, ...]
    conditions: tuple[Condition, ...]
    looked_at: frozenset[str] = frozenset()

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

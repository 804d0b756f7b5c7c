"""A bench: a suite with every name resolved, and the units that its runs are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from alharness.api.space import Space, Value
from alharness.protocol.applicability import inapplicable
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

_FIRST = 1
"""The number in the seed paths of a run's first query, which cycle 0 has two of, else 0."""


class Place(NamedTuple):
    """A run within its scenario and method."""

    initial_set: int
    seed: int


@dataclass(frozen=True, eq=False)
class Bench:
    """Everything that determines what is computed: the input of ``next_units``.

    representations: those that methods ask for by name, by that name.
    looked_at: labels of the methods that further seeds are run of only while their looks do not
    stop them (``planning.looking``); none, unless the bench was asked for looks.
    """

    suite: Suite
    methods: tuple[Component, ...]
    conditions: tuple[Condition, ...]
    looked_at: frozenset[str] = frozenset()
    representations: Mapping[str, Component] = field(default_factory=dict)

    def places(self) -> Iterator[Place]:
        """Every run of a scenario and method, those that tune before those that reuse."""
        protocol = self.suite.protocol
        for initial_set in range(protocol.n_initial_sets):
            for seed in range(protocol.seeds):
                yield Place(initial_set, seed)

    @cached_property
    def not_applicable(self) -> Mapping[tuple[str, str], str]:
        """By scenario and label of the method: what the scenario lacks that the method needs.

        Such a method has no runs in it.
        """
        found = {
            (condition.name, method.label): self._inapplicable(condition, method)
            for condition in self.conditions
            for method in self.methods
        }
        return {place: reason for place, reason in found.items() if reason is not None}

    def _inapplicable(self, condition: Condition, method: Component) -> str | None:
        """What is lacking; where a scenario replays another one, in that: there it is asked."""
        replay = condition.scenario.replay
        if replay is None:
            return inapplicable(condition, method)
        source = next((one for one in self.conditions if one.name == replay), None)
        reason = None if source is None else inapplicable(source, method)
        return None if reason is None else f"{reason}, in {replay}, which it replays"

    def applicable(self, condition: Condition) -> tuple[Component, ...]:
        """The methods that have runs in a scenario."""
        return tuple(
            method
            for method in self.methods
            if (condition.name, method.label) not in self.not_applicable
        )

    def tuner(self, place: Place) -> Place | None:
        """The run whose tuning gives this run its hyper-parameters; None when they are fixed."""
        match self.suite.tuning.scope:
            case "fixed":
                return None
            case "first-initial-set":
                return Place(0, 0)
            case _:
                return Place(place.initial_set, 0)

    def chooser(self, method: Component) -> Component | None:
        """The sampler that chooses what a method's runs start from; None where that is drawn.

        The method itself where it needs no model, else the suite's reference: so published
        comparisons start.
        """
        if not self.suite.protocol.chooses_first_sets:
            return None
        return self.reference if method.needs.model else method

    @property
    def reference(self) -> Component:
        """The method that all others are compared with."""
        label = self.suite.methods.reference.label
        return next(method for method in self.methods if method.label == label)

    def components(self) -> tuple[Component, ...]:
        """Every plugin that the bench depends on."""
        parts = (part for condition in self.conditions for part in condition.components())
        return (*self.methods, *parts, *self.representations.values())

    def features(self, condition: Condition, method: Component) -> tuple[Unit, ...]:
        """The units whose features a method's runs read: training, test, and those it asks for.

        None before the dataset is prepared.
        """
        shown, names = condition.representation, self.asked_for(condition, method)
        asked = (condition.features(self.representations[name], "train") for name in names)
        if shown is None:
            return tuple(asked)
        return (condition.features(shown, "train"), condition.features(shown, "test"), *asked)

    def asked_for(self, condition: Condition, method: Component) -> tuple[str, ...]:
        """The representations that a method asks for by name, or who chooses its first set.

        None where nobody is asked: in a scenario that replays another one.
        """
        if condition.scenario.replay is not None:
            return ()
        asking = (method, self.chooser(method) or method)
        wanted = dict.fromkeys(one.needs.representation or "" for one in asking)
        return tuple(name for name in wanted if name in self.representations)

    def _own_features(self, condition: Condition, method: Component) -> Unit | None:
        """Features of the training images that a method asks for by name."""
        own = self.representations.get(method.needs.representation or "")
        return None if own is None else condition.features(own, "train")

    def draws(
        self, condition: Condition, initial_set: int, cycle: int
    ) -> tuple[Mapping[str, Value], ...]:
        """Hyper-parameters of a tuning's trials, in their order; the same for every sampler."""
        path = tuning_path(self.suite.seed, condition.name, initial_set, cycle)
        trials = 1 if self.suite.tuning.scope == "fixed" else self.suite.tuning.trials
        return hyperparameters(self.space(condition, cycle), path, trials)

    def space(self, condition: Condition, cycle: int) -> Space:
        """What the tunings of a cycle draw from."""
        return {**condition.space, **self.suite.tuning.lines_of(cycle)}

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
        parent: Unit | None = None,
    ) -> Unit:
        """Train one model on a labeled set, with the training extension of a sampler, if any.

        ``number`` tells apart the trials of a tuning, or the members of a committee. ``parent`` is
        the trial whose weights it starts from, None where it has an initialization of its own.
        """
        start = condition.starts[place.initial_set]
        recipe = start.recipe_of(cycle)
        if extension is not None:
            recipe = recipe.alone()
        if parent is not None:
            recipe = recipe.starting_from(parent.key)
        inputs = TrialInputs(
            network=condition.network,
            hyperparameters=dict(values),
            labeled=labeled.digests,
            validation=start.validation.digest,
            loss=condition.loss.identity,
            recipe=recipe,
            extension=None if extension is None else extension.identity,
            seed=self._path(condition, place, cycle, purpose, number),
        )
        initial = () if start.labeled is None else (start.labeled,)
        return make_unit(inputs, (*labeled.parts, start.validation, *initial))

    def evaluation(self, condition: Condition, chosen: Unit) -> Unit:
        """Measure a chosen model on the test images, once."""
        shown = condition.representation
        inputs = EvaluationInputs(
            network=condition.network,
            hyperparameters=trained_with(chosen),
            trial=chosen.key,
            test=condition.facts.test_digest,
            features=None if shown is None else condition.features(shown, "test").key,
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
        start = condition.starts[place.initial_set]
        own = self._own_features(condition, method)
        inputs = QueryInputs(
            network=condition.network,
            hyperparameters=trained_with(models[-1]),
            sampler=method.identity,
            trial=models[-1].key,
            previous=_previous(models),
            committee=tuple(member.key for member in committee),
            labeled=labeled.digests,
            validation=start.validation.digest,
            left_out=None if start.left_out is None else start.left_out.digest,
            held_out=None if start.held_out is None else start.held_out.digest,
            budget=condition.sizes[cycle + 1] - condition.sizes[cycle],
            pool_subset=self.suite.pool_subset(condition.scenario) or 0,
            stored=stored,
            sees_labels=method.needs.sees_labels,
            own_features=None if own is None else own.key,
            seed=self._path(condition, place, cycle, "query"),
        )
        return make_unit(inputs, (*labeled.parts, *start.in_no_pool))

    def first_query(self, condition: Condition, chooser: Component, place: Place) -> Unit:
        """Ask a sampler for what a run starts from; the same for all methods that it chooses for.

        Nothing is labeled or trained before it.
        """
        start = condition.starts[place.initial_set]
        own = self._own_features(condition, chooser)
        inputs = QueryInputs(
            network=condition.network,
            hyperparameters={},
            sampler=chooser.identity,
            labeled=(),
            validation=start.validation.digest,
            left_out=None if start.left_out is None else start.left_out.digest,
            held_out=None if start.held_out is None else start.held_out.digest,
            budget=condition.sizes[0],
            pool_subset=self.suite.pool_subset(condition.scenario) or 0,
            sees_labels=chooser.needs.sees_labels,
            own_features=None if own is None else own.key,
            seed=self._path(condition, place, 0, "query", _FIRST),
        )
        return make_unit(inputs, start.in_no_pool)

    def first_annotation(self, condition: Condition, place: Place, query: Unit) -> Unit:
        """Ask the oracle for the labels of what a run starts from."""
        return self._annotation(
            condition, query, self._path(condition, place, 0, "annotation", _FIRST)
        )

    def annotation(self, condition: Condition, place: Place, cycle: int, query: Unit) -> Unit:
        """Ask the oracle for the labels of what was queried."""
        return self._annotation(condition, query, self._path(condition, place, cycle, "annotation"))

    def _annotation(self, condition: Condition, query: Unit, seed: SeedPath) -> Unit:
        inputs = AnnotationInputs(
            data=condition.facts.train_digest,
            n_classes=condition.facts.n_classes,
            oracle=condition.oracle.identity,
            query=query.key,
            seed=seed,
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

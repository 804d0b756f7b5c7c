"""A condition: a scenario whose plugins are there, its data, and what its runs begin with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alharness.api.dataset import DatasetShape
from alharness.api.representation import Part
from alharness.api.space import Space
from alharness.protocol.components import Component
from alharness.protocol.partition.given import GivenSplits
from alharness.protocol.partition.of_scenario import declared_images, scenario_splits
from alharness.protocol.partition.sets import IndexSet
from alharness.protocol.partition.sizes import (
    absolute_sizes,
    labeled_sizes,
    pool_sizes,
    queried_sizes,
    require_subset,
)
from alharness.protocol.partition.splits import Split
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.suite.tables import Scenario
from alharness.protocol.suite.training_table import Training
from alharness.protocol.units import (
    Identity,
    Network,
    Recipe,
    RepresentationInputs,
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
    """What the runs of one initial set begin with, and the recipe of their trials.

    labeled: None where a sampler chooses it.
    left_out: the images that are in no set and in no pool; None where all are used.
    later: the recipe of cycles after cycle 0; None where it is the same.
    held_out: the images that upper bounds measure gains on, in no pool; None where there are none.
    """

    labeled: IndexSet | None
    validation: IndexSet
    recipe: Recipe
    left_out: IndexSet | None = None
    later: Recipe | None = None
    held_out: IndexSet | None = None

    @property
    def in_no_pool(self) -> tuple[IndexSet, ...]:
        """The images, beside labeled ones, that no query picks from."""
        parts = (self.validation, self.left_out, self.held_out)
        return tuple(part for part in parts if part is not None)

    def recipe_of(self, cycle: int) -> Recipe:
        """How the trials of a cycle train, but for the weights that they may start from."""
        return self.recipe if cycle == 0 or self.later is None else self.later


@dataclass(frozen=True, eq=False)
class Condition:
    """A scenario whose plugins are there.

    ``sizes`` are the labeled images of each of the ``cycles``, ``pools`` the unlabeled ones that
    each query picks from, ``queried`` how many it picks, ``starts`` one per initial set. Where
    samplers choose the initial sets, the first query is that. Before the dataset is prepared,
    ``prepared`` is None and ``starts`` is empty, and so are ``sizes``, ``pools`` and ``queried``
    when it is not known how many images are shared out.

    ``later_schedule`` is that of cycles after cycle 0; None where all have one. ``held_out`` is
    how many images every pool gives up.
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
    representation: Component | None = None
    pools: tuple[int, ...] = ()
    queried: tuple[int, ...] = ()
    later_schedule: Component | None = None
    held_out: int = 0

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.scenario.name

    @property
    def facts(self) -> DatasetFacts:
        """What is known of the prepared dataset."""
        assert self.prepared is not None
        return self.prepared

    @property
    def n_left_out(self) -> int:
        """How many of the prepared dataset's training images are in no set."""
        left_out = self.starts[0].left_out
        return 0 if left_out is None else len(left_out)

    @cached_property
    def network(self) -> Network:
        """What its networks are built from."""
        facts = self.facts
        shown = self.representation
        return Network(
            data=facts.train_digest,
            n_classes=facts.n_classes,
            in_channels=facts.in_channels,
            image_size=facts.image_size,
            model=self.model.identity,
            regularizers=tuple(part.identity for part in self.regularizers),
            representation=None if shown is None else shown.identity,
            features=None if shown is None else self.features(shown, "train").key,
        )

    def features(self, representation: Component, part: Part) -> Unit:
        """The unit that computes the features of a part of the data."""
        facts = self.facts
        inputs = RepresentationInputs(
            data=facts.train_digest if part == "train" else facts.test_digest,
            part=part,
            representation=representation.identity,
            precision=self.scenario.features,
        )
        return make_unit(inputs)

    def components(self) -> tuple[Component, ...]:
        """The plugins of the scenario."""
        shown = () if self.representation is None else (self.representation,)
        later = () if self.later_schedule is None else (self.later_schedule,)
        return (
            self.dataset,
            self.model,
            *self.regularizers,
            *shown,
            self.loss,
            self.schedule,
            *later,
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
    representation: Component | None = None,
    later_schedule: Component | None = None,
) -> Condition:
    """The scenario with its schedule and its initial and validation sets, by the protocol's rules.

    ``data`` is what is known of the dataset: facts once it is prepared, before that what
    it declares. ``later_schedule`` is that of cycles after cycle 0, where it is another one.
    Raises UsageError when the data does not fit the scenario's budgets.
    """
    suite = suite.of(scenario)
    prepared = data if isinstance(data, DatasetFacts) else None
    splits = () if prepared is None else _splits(suite, scenario, prepared)
    protocol = suite.protocol
    n_images = splits[0].n_images if splits else declared_images(suite, scenario, data.n_train)
    stacked = representation is not None and _can_be_stacked(model, regularizers, loss)
    sizes = _sizes(suite, n_images)
    schedules = (schedule, later_schedule or schedule)
    starts = () if prepared is None else _starts(suite, prepared, splits, schedules, stacked)
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
        protocol.n_cycles,
        sizes,
        starts,
        representation,
        _pools(suite, n_images),
        queried_sizes(protocol, sizes) if sizes else (),
        later_schedule,
        protocol.held_out,
    )


def _can_be_stacked(model: Component, regularizers: tuple[Component, ...], loss: Component) -> bool:
    """Whether trainings on features do nothing that only one at a time can do.

    A stack knows cross entropy and weight decay; what plugins do between its steps it does not.
    """
    plain = {one.name for one in regularizers} <= {"weight-decay"}
    return model.traits.stackable and plain and loss.name == "cross-entropy"


def _splits(suite: Suite, scenario: Scenario, facts: DatasetFacts) -> tuple[Split, ...]:
    given = suite.protocol.initial_sets
    if isinstance(given, GivenSplits):
        given.require_data(facts.train_digest)
    return scenario_splits(suite, scenario, facts.train_labels, facts.n_classes)


def _sizes(suite: Suite, n_images: int | None) -> tuple[int, ...]:
    """Labeled images of each cycle; none while it is not known how many."""
    if n_images is None:
        return absolute_sizes(suite.protocol) or ()
    sizes = labeled_sizes(suite.protocol, n_images)
    require_subset(suite.queries.pool_subset, queried_sizes(suite.protocol, sizes))
    return sizes


def _pools(suite: Suite, n_images: int | None) -> tuple[int, ...]:
    """What each query picks from; none while it is not known how many images are shared out."""
    if n_images is None:
        return ()
    pools = pool_sizes(suite.protocol, n_images)
    subset = suite.queries.pool_subset
    return pools if subset is None else tuple(min(pool, subset) for pool in pools)


def _starts(
    suite: Suite,
    facts: DatasetFacts,
    splits: tuple[Split, ...],
    schedules: tuple[Component, Component],
    stacked: bool,
) -> tuple[Start, ...]:
    """What each initial set's runs begin with."""
    starts = []
    for parts in splits:
        chosen = suite.protocol.chooses_first_sets
        drawn = IndexSet(parts.initial, facts.train_labels[parts.initial])
        labeled = None if chosen else drawn
        first, later = recipes_of(
            suite, (schedules[0].identity, schedules[1].identity), labeled, stacked
        )
        left_out = IndexSet(parts.left_out) if len(parts.left_out) else None
        held_out = IndexSet(parts.held_out) if len(parts.held_out) else None
        starts.append(Start(labeled, IndexSet(parts.validation), first, left_out, later, held_out))
    return tuple(starts)


def recipes_of(
    suite: Suite, schedules: tuple[Identity, Identity], labeled: IndexSet | None, stacked: bool
) -> tuple[Recipe, Recipe | None]:
    """How the trials of runs that start from an initial labeled set train.

    In cycle 0, and in later ones where that is otherwise; so with ``schedules``.
    """
    first, later = (
        _recipe(suite.training.of_cycle(cycle), schedule, labeled, stacked)
        for cycle, schedule in enumerate(schedules)
    )
    return first, None if later == first else later


def _recipe(
    training: Training, schedule: Identity, labeled: IndexSet | None, stacked: bool
) -> Recipe:
    return Recipe(
        epochs=training.epochs,
        schedule=schedule,
        momentum=training.momentum,
        nesterov=training.nesterov,
        weight_decay=training.weight_decay,
        normalization=labeled.digest if labeled is not None and training.normalize else None,
        stacked=stacked and training.computes_as_stacks_do,
        same_start=training.same_start,
        drop_last=training.drop_last,
        precision=training.precision,
        channels_last=training.channels_last,
        compile=training.compile,
    )

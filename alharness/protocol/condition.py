"""A condition: a scenario whose plugins are there, its data, and what its runs begin with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alharness.api.dataset import DatasetShape
from alharness.api.space import Space
from alharness.protocol.components import Component
from alharness.protocol.partition.given import GivenSplits
from alharness.protocol.partition.long_tail import class_counts, long_tailed
from alharness.protocol.partition.sets import IndexSet
from alharness.protocol.partition.sizes import labeled_sizes
from alharness.protocol.partition.splits import Split, split
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.suite.tables import Scenario
from alharness.protocol.units import Identity, Network, Recipe


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
    starts = []
    for number in range(suite.protocol.n_initial_sets):
        parts = _parts(suite, scenario, facts, number, n_initial)
        labeled = IndexSet(parts.initial, facts.train_labels[parts.initial])
        recipe = recipe_of(suite, schedule, labeled)
        starts.append(Start(labeled, IndexSet(parts.validation), recipe))
    return tuple(starts)


def recipe_of(suite: Suite, schedule: Identity, labeled: IndexSet) -> Recipe:
    """How the trials of runs that start from an initial labeled set train."""
    training = suite.training
    return Recipe(
        epochs=training.epochs,
        schedule=schedule,
        momentum=training.momentum,
        nesterov=training.nesterov,
        weight_decay=training.weight_decay,
        normalization=labeled.digest if training.normalize else None,
    )


def _parts(
    suite: Suite, scenario: Scenario, facts: DatasetFacts, initial_set: int, n_initial: int
) -> Split:
    given = suite.protocol.initial_sets
    if isinstance(given, GivenSplits):
        given.require_data(facts.train_digest)
    parts = split(suite.protocol, facts.n_train, initial_set, suite.seed)
    if scenario.long_tail is None:
        return parts
    law = scenario.long_tail.model_dump()
    counts = class_counts(facts.n_classes, n_initial, **law)
    return long_tailed(parts, facts.train_labels, counts, f"{scenario.name}.long_tail")

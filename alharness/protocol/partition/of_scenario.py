"""The splits of a scenario: drawn by the suite's seed, and by labels where the suite says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from alharness.protocol.partition.by_class import equal_counts, with_counts
from alharness.protocol.partition.given import GivenSplits
from alharness.protocol.partition.held_out import with_held_out
from alharness.protocol.partition.left_out import held_back, with_spared, with_tail
from alharness.protocol.partition.long_tail import class_counts
from alharness.protocol.partition.sizes import held_back_size, spared_size
from alharness.protocol.partition.splits import Split, split
from alharness.protocol.seeds import SeedPath

if TYPE_CHECKING:
    from alharness.protocol.suite.declaration import Suite
    from alharness.protocol.suite.tables import Scenario


def scenario_splits(
    suite: Suite, scenario: Scenario, labels: NDArray[np.int64], n_classes: int
) -> tuple[Split, ...]:
    """The split of each initial set.

    What is held out is its own. What is left out is the same in all that are drawn; those that
    samplers choose are empty here, and each leaves out a tenth of the images besides. ``labels``
    are those of all training images, (n_train,). Raises UsageError where they do not fit the suite.
    """
    protocol, n_train = suite.protocol, len(labels)
    left_out = _left_out(suite, scenario, labels, n_classes)
    own = (
        with_spared(protocol, left_out, n_train, number, suite.seed)
        for number in range(protocol.n_initial_sets)
    )
    drawn = (split(protocol, n_train, number, suite.seed, one) for number, one in enumerate(own))
    split_by_class = (
        _by_class(suite, scenario, labels, n_classes, number, parts)
        for number, parts in enumerate(drawn)
    )
    return tuple(
        with_held_out(
            parts,
            labels,
            protocol.held_out,
            SeedPath(suite_seed=suite.seed, initial_set=number, purpose="held-out"),
        )
        for number, parts in enumerate(split_by_class)
    )


def initial_counts(
    suite: Suite, scenario: Scenario, n_classes: int, initial_set: int, n_initial: int
) -> NDArray[np.int64] | None:
    """Images of each class of an initial set, (n_classes,); None where labels play no part."""
    tail = scenario.long_tail
    if tail is not None and tail.ratio is None:
        return class_counts(n_classes, n_initial, **tail.model_dump())
    if suite.protocol.initial_draw == "per-class":
        path = SeedPath(suite.seed, "initial-classes", initial_set=initial_set)
        return equal_counts(n_classes, n_initial, path)
    return None


def declared_images(suite: Suite, scenario: Scenario, n_train: int | None) -> int | None:
    """How many of ``n_train`` images are in some set; None where that follows from labels."""
    given, tail = suite.protocol.initial_sets, scenario.long_tail
    if n_train is None or (tail is not None and tail.ratio is not None):
        return None
    if isinstance(given, GivenSplits):
        return given.n_images
    drawn_from = n_train - held_back_size(suite.protocol, n_train)
    return drawn_from - spared_size(suite.protocol, drawn_from)


def _left_out(
    suite: Suite, scenario: Scenario, labels: NDArray[np.int64], n_classes: int
) -> NDArray[np.int64]:
    held, tail = held_back(suite.protocol, len(labels), suite.seed), scenario.long_tail
    if tail is None or tail.ratio is None:
        return held
    where = f"{scenario.name}.long_tail"
    return with_tail(held, labels, n_classes, tail.ratio, suite.seed, where)


def _by_class(
    suite: Suite,
    scenario: Scenario,
    labels: NDArray[np.int64],
    n_classes: int,
    initial_set: int,
    parts: Split,
) -> Split:
    """The split with what the suite says of the classes of its initial set."""
    counts = initial_counts(suite, scenario, n_classes, initial_set, len(parts.initial))
    if counts is None:
        return parts
    key = suite.protocol.schedule.keys.initial
    where, remedy = "protocol.initial_draw", f'Lower protocol.{key}, or write "uniform"'
    if suite.protocol.initial_draw == "uniform":
        where, remedy = f"{scenario.name}.long_tail", f"Lower the law's k, or protocol.{key}"
    return with_counts(parts, labels, counts, where, remedy)

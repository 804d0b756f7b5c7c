"""The contract of oracles."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alharness.api.errors import HarnessError, UsageError
from alharness.engine.querying import ask_oracle
from alharness.engine.randomness import controlled
from alharness.testing.generators import watched_generators
from alharness.testing.rules import Broken, NotApplicable, Rule
from alharness.testing.subject import Subject

BATCHES = ((60, 10), (1, 10), (60, 2))
"""Queried images, and classes."""


class Batch(NamedTuple):
    """What an oracle is asked for, indices below 1 000."""

    true_labels: NDArray[np.int64]
    indices: NDArray[np.int64]
    n_classes: int


def labels(subject: Subject) -> None:
    """An annotation is one integer in [0, n_classes) for each image, also for a single image."""
    _for_each_batch(subject, lambda batch: _ask(subject, batch))


def same_generator_same_labels(subject: Subject) -> None:
    """Equally seeded generators give the same labels, whatever was annotated before."""

    def ask_twice(batch: Batch) -> None:
        first, second = (_ask(subject, batch) for _ in range(2))
        if not np.array_equal(first, second):
            others = np.count_nonzero(first != second)
            raise Broken(f"asked again, {others} of {len(first)} labels are others; draw from rng")

    _for_each_batch(subject, ask_twice)


def inputs_unchanged(subject: Subject) -> None:
    """True labels and indices stay as they are."""

    def ask_and_compare(batch: Batch) -> None:
        given = batch.true_labels.copy(), batch.indices.copy()
        with controlled(0):
            subject.create().annotate(*given, batch.n_classes, np.random.default_rng(0))
        for name, array in zip(("true_labels", "indices"), given, strict=True):
            if not np.array_equal(array, getattr(batch, name)):
                raise Broken(f"{name} changed; work on a copy ({name}.copy())")

    _for_each_batch(subject, ask_and_compare)


def global_generators(subject: Subject) -> None:
    """An annotation neither draws from nor seeds the global generators of Python and NumPy."""

    def ask_and_watch(batch: Batch) -> None:
        oracle = subject.create()
        with watched_generators("draw from rng"):
            oracle.annotate(*batch, np.random.default_rng(0))

    _for_each_batch(subject, ask_and_watch)


def declarations(subject: Subject) -> None:
    """The cost of a label is a finite number, not below 0; labels_stay is true or false; the
    fingerprint is a string, and the same each time; a dataset is refused with a UsageError that has
    a remedy."""
    oracle = subject.create()
    cost, stay = oracle.cost_per_label, oracle.labels_stay
    if not (isinstance(cost, int | float) and math.isfinite(cost) and cost >= 0):
        raise Broken(f"cost_per_label is {cost!r}")
    if not isinstance(stay, bool):
        raise Broken(f"labels_stay is {stay!r}")
    try:
        first, second = oracle.fingerprint(), subject.create().fingerprint()
    except UsageError as error:
        raise NotApplicable(f"it refuses: {error.what}") from error
    if not isinstance(first, str) or first != second:
        raise Broken(f"the fingerprint is {first!r}, then {second!r}")
    try:
        oracle.check(1000, 10)
    except UsageError as error:
        if not error.remedy:
            raise Broken(f"the UsageError has no remedy: {error}") from error


RULES = tuple(
    Rule(check)
    for check in (
        labels,
        same_generator_same_labels,
        inputs_unchanged,
        global_generators,
        declarations,
    )
)


def _batch(n: int, n_classes: int) -> Batch:
    """True labels and dataset indices in no order."""
    rng = np.random.default_rng(6)
    indices = rng.choice(1000, size=n, replace=False).astype(np.int64)
    return Batch(rng.integers(n_classes, size=n), indices, n_classes)


def _for_each_batch(subject: Subject, check: Callable[[Batch], object]) -> None:
    """Check each batch that the oracle does not refuse; one that reads labels may know few.

    Raises NotApplicable when it refuses all of them.
    """
    refusals = []
    for n, n_classes in BATCHES:
        try:
            check(_batch(n, n_classes))
        except HarnessError as error:
            if not isinstance(error, UsageError) and not isinstance(error.__cause__, UsageError):
                raise
            refusals.append(error)
    if len(refusals) == len(BATCHES):
        raise NotApplicable(f"it refuses: {refusals[0].what}") from refusals[0]


def _ask(subject: Subject, batch: Batch) -> NDArray[np.int64]:
    oracle, rng = subject.create(), np.random.default_rng(0)
    with controlled(0):
        return ask_oracle(oracle, *batch, rng, subject.origin)

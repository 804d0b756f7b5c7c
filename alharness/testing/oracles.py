"""The contract of oracles."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from alharness.engine.querying import ask_oracle
from alharness.engine.randomness import controlled
from alharness.testing.generators import watched_generators
from alharness.testing.rules import Broken, Rule
from alharness.testing.subject import Subject

BATCHES = ((60, 10), (1, 10), (60, 2))
"""Queried images, and classes."""


def labels(subject: Subject) -> None:
    """An annotation is one integer in [0, n_classes) for each image, also for a single image."""
    for n, n_classes in BATCHES:
        _ask(subject, n, n_classes)


def same_generator_same_labels(subject: Subject) -> None:
    """Equally seeded generators give the same labels, whatever was annotated before."""
    for n, n_classes in BATCHES:
        first, second = (_ask(subject, n, n_classes) for _ in range(2))
        if not np.array_equal(first, second):
            others = np.count_nonzero(first != second)
            raise Broken(f"asked again, {others} of {n} labels are others; draw from rng")


def inputs_unchanged(subject: Subject) -> None:
    """True labels and indices stay as they are."""
    for n, n_classes in BATCHES:
        given, expected = _batch(n, n_classes), _batch(n, n_classes)
        with controlled(0):
            subject.create().annotate(*given, n_classes, np.random.default_rng(0))
        for name, one, other in zip(("true_labels", "indices"), given, expected, strict=True):
            if not np.array_equal(one, other):
                raise Broken(f"{name} changed; work on a copy ({name}.copy())")


def global_generators(subject: Subject) -> None:
    """An annotation neither draws from nor seeds the global generators of Python and NumPy."""
    oracle = subject.create()
    with watched_generators("draw from rng"):
        oracle.annotate(*_batch(60, 10), 10, np.random.default_rng(0))


def declarations(subject: Subject) -> None:
    """The cost of a label is a finite number, not below 0; labels_stay is true or false; the
    fingerprint is a string, and the same each time."""
    first, second = subject.create(), subject.create()
    cost, fingerprint = first.cost_per_label, first.fingerprint()
    if not (isinstance(cost, int | float) and math.isfinite(cost) and cost >= 0):
        raise Broken(f"cost_per_label is {cost!r}")
    if not isinstance(first.labels_stay, bool):
        raise Broken(f"labels_stay is {first.labels_stay!r}")
    if not isinstance(fingerprint, str) or fingerprint != second.fingerprint():
        raise Broken(f"the fingerprint is {fingerprint!r}, then {second.fingerprint()!r}")


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


def _batch(n: int, n_classes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """True labels and dataset indices, in no order."""
    rng = np.random.default_rng(6)
    indices = rng.choice(1000, size=n, replace=False).astype(np.int64)
    return rng.integers(n_classes, size=n), indices


def _ask(subject: Subject, n: int, n_classes: int) -> NDArray[np.int64]:
    oracle, rng = subject.create(), np.random.default_rng(0)
    with controlled(0):
        return ask_oracle(oracle, *_batch(n, n_classes), n_classes, rng, subject.origin)

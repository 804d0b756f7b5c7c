"""The contract of schedules."""

from __future__ import annotations

import math
from collections.abc import Iterator

from alharness.api.schedule import Schedule
from alharness.engine.randomness import controlled
from alharness.testing.rules import Broken, Rule
from alharness.testing.subject import Subject

LENGTHS = ((1, 1), (1, 4), (7, 1), (5, 4), (9, 20))
"""Steps per epoch and epochs of the trainings."""


def factors(subject: Subject) -> None:
    """In every step of trainings of any length, the factor is a finite number of 0 or more."""
    for progress in _steps():
        factor = _schedule(subject).factor(*progress)
        if not isinstance(factor, int | float) or isinstance(factor, bool):
            raise Broken(f"{_in(progress)} the factor is of type {type(factor).__name__}")
        if not (math.isfinite(factor) and factor >= 0):
            raise Broken(f"{_in(progress)} the factor is {factor}")


def function_of_progress(subject: Subject) -> None:
    """The factor depends on the three numbers given alone: not on what was asked before, nor on
    chance."""
    asked = _schedule(subject)
    for progress in reversed(list(_steps())):
        with controlled(0):
            alone = _schedule(subject).factor(*progress)
        with controlled(1):
            again = asked.factor(*progress)
        if alone != again:
            raise Broken(f"{_in(progress)} the factor is {alone}, or {again} if others were asked")


def learning(subject: Subject) -> None:
    """Some step of every training has a factor above 0."""
    for steps_per_epoch, epochs in LENGTHS:
        steps = range(steps_per_epoch * epochs)
        if not any(_schedule(subject).factor(step, steps_per_epoch, epochs) > 0 for step in steps):
            raise Broken(f"nothing is learned in {epochs} epochs of {steps_per_epoch} steps")


RULES = tuple(Rule(check) for check in (factors, function_of_progress, learning))


def _schedule(subject: Subject) -> Schedule:
    schedule: Schedule = subject.create()
    return schedule


def _steps() -> Iterator[tuple[int, int, int]]:
    for steps_per_epoch, epochs in LENGTHS:
        for step in range(steps_per_epoch * epochs):
            yield step, steps_per_epoch, epochs


def _in(progress: tuple[int, int, int]) -> str:
    step, steps_per_epoch, epochs = progress
    return f"in step {step} of {epochs} epochs of {steps_per_epoch} steps"

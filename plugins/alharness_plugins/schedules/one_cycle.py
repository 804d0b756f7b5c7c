"""``one-cycle``: up to the learning rate, then down to nearly zero."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pydantic import Field

import alharness


class OneCycleParameters(alharness.Parameters):
    """Parameters of ``one-cycle``."""

    rising: float = Field(0.3, gt=0, lt=1, description="share of the steps in which it rises")
    start: float = Field(25.0, ge=1, description="the first rate is the learning rate over this")
    end: float = Field(1e4, ge=1, description="the last rate is the first rate over this")


class OneCycle(alharness.Schedule):
    """Half a cosine from 1 / start up to 1, then one down to 1 / (start · end).

    Of n steps, the highest is step ``rising`` · n − 1, the lowest the last one: PyTorch's
    ``OneCycleLR``, which takes cosines where Smith and Topin draw lines. The learning rate of
    a suite is the highest; momentum, which they cycle against it, stays as it is.
    """

    def __init__(self, rising: float = 0.3, start: float = 25.0, end: float = 1e4) -> None:
        self.rising = rising
        self.start = start
        self.end = end

    def factor(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        last = steps_per_epoch * epochs - 1
        # In a training of few steps the first one is the highest.
        highest = max(self.rising * (last + 1) - 1, 0.0)
        first = 1 / self.start
        if step < highest:
            return _on_half_a_cosine(first, 1.0, step / highest)
        lowest = first / self.end
        return _on_half_a_cosine(1.0, lowest, (step - highest) / ((last - highest) or 1.0))


def _on_half_a_cosine(begin: float, end: float, share: float) -> float:
    return end + (begin - end) * (1 + math.cos(math.pi * share)) / 2


@alharness.hookimpl
def alharness_schedules() -> Iterator[alharness.ScheduleSpec]:
    yield alharness.ScheduleSpec(
        "one-cycle",
        OneCycle,
        summary="Up to the learning rate, then down to nearly zero",
        citation="Smith and Topin, Super-Convergence: Very Fast Training of Neural Networks Using"
        " Large Learning Rates, 2017",
        cost="None.",
        parameters=OneCycleParameters,
    )

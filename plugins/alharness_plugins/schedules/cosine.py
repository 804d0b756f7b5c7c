"""``cosine``: half a cosine from the learning rate down to zero."""

from __future__ import annotations

import math
from collections.abc import Iterator

import alharness


class Cosine(alharness.Schedule):
    """Factor (1 + cos(π · step / n)) / 2 of n steps: equation 5 without restarts, down to zero."""

    def factor(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        return (1 + math.cos(math.pi * step / (steps_per_epoch * epochs))) / 2


@alharness.hookimpl
def alharness_schedules() -> Iterator[alharness.ScheduleSpec]:
    yield alharness.ScheduleSpec(
        "cosine",
        Cosine,
        summary="Half a cosine from the learning rate down to zero, step by step",
        citation="Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts,"
        " ICLR 2017",
        cost="None.",
    )

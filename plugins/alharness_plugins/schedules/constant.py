"""``constant``: the learning rate stays as it is set."""

from __future__ import annotations

from collections.abc import Iterator

import alharness


class Constant(alharness.Schedule):
    """Factor 1 in every step."""

    def factor(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        return 1.0


@alharness.hookimpl
def alharness_schedules() -> Iterator[alharness.ScheduleSpec]:
    yield alharness.ScheduleSpec(
        "constant",
        Constant,
        summary="The learning rate stays as it is set",
        cost="None.",
    )

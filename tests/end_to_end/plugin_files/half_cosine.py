"""``half-cosine``: half a cosine from the learning rate down to a share of it."""

import math

import alharness


class Parameters(alharness.Parameters):
    floor: float = 0.0


class HalfCosine(alharness.Schedule):
    def __init__(self, floor):
        self.floor = floor

    def factor(self, step, steps_per_epoch, epochs):
        falling = (1 + math.cos(math.pi * step / (steps_per_epoch * epochs))) / 2
        return self.floor + (1 - self.floor) * falling


@alharness.hookimpl
def alharness_schedules():
    yield alharness.ScheduleSpec(
        "half-cosine", HalfCosine, summary="Half a cosine", parameters=Parameters
    )

"""``steps``: the learning rate falls by a factor at milestones, after a linear warm-up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

import alharness


class StepsParameters(alharness.Parameters):
    """Parameters of ``steps``."""

    milestones: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (0.5, 0.75), description="where it falls: below 1 a share of all epochs, from 1 an epoch"
    )
    gamma: float = Field(0.1, gt=0, description="what it is multiplied by at each milestone")
    warmup_epochs: float = Field(
        0.0, ge=0, description="epochs in which it rises linearly to the learning rate"
    )


class Steps(alharness.Schedule):
    """Factor gamma^k after k milestones; (step + 1) / w times that in the first w steps.

    A milestone m falls at the first step of epoch m, or, below 1, at the first step that
    m of all steps lie before; w is ``warmup_epochs`` in steps. The defaults are He et al.'s
    (2016) for CIFAR-10; theirs for ImageNet, with the warm-up of Goyal et al. (2017), is
    ``milestones = [30, 60, 80], warmup_epochs = 5``.
    """

    def __init__(
        self,
        milestones: tuple[float, ...] = (0.5, 0.75),
        gamma: float = 0.1,
        warmup_epochs: float = 0.0,
    ) -> None:
        self.milestones = milestones
        self.gamma = gamma
        self.warmup_epochs = warmup_epochs

    def factor(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        share, epoch = step / (steps_per_epoch * epochs), step / steps_per_epoch
        passed = sum(
            (share if milestone < 1 else epoch) >= milestone for milestone in self.milestones
        )
        warmup = self.warmup_epochs * steps_per_epoch
        risen = (step + 1) / warmup if step < warmup else 1.0
        return float(self.gamma**passed * min(risen, 1.0))


@alharness.hookimpl
def alharness_schedules() -> Iterator[alharness.ScheduleSpec]:
    yield alharness.ScheduleSpec(
        "steps",
        Steps,
        summary="The learning rate falls by a factor at milestones, after a linear warm-up",
        citation="He et al., Deep Residual Learning for Image Recognition, CVPR 2016; Goyal et al.,"
        " Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017",
        requires="Milestones within the suite's epochs: later ones are never met.",
        cost="None.",
        parameters=StepsParameters,
    )

"""Schedules: how a training's learning rate goes on from where it is set."""

from __future__ import annotations

from abc import ABC, abstractmethod


class Schedule(ABC):
    """The factor of the learning rate, a function of progress and of nothing else."""

    @abstractmethod
    def factor(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        """What the trial's learning rate is multiplied by, 0 or more, in an optimizer step.

        ``step`` is in [0, steps_per_epoch · epochs), ``step // steps_per_epoch`` its epoch.
        """

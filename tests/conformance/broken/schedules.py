"""Schedules that each break one rule, which their name begins with; the rest tells how."""

import torch

import alharness


class FallsBelowZero(alharness.Schedule):
    def factor(self, step, steps_per_epoch, epochs):
        return 1 - 1.5 * step / (steps_per_epoch * epochs)


class Counts(alharness.Schedule):
    """As PyTorch's schedulers do: progress is how often it was asked."""

    asked = 0

    def factor(self, step, steps_per_epoch, epochs):
        self.asked += 1
        return 1 / self.asked


class Tensors(alharness.Schedule):
    def factor(self, step, steps_per_epoch, epochs):
        return torch.tensor(1.0)


class WarmsUpForEver(alharness.Schedule):
    """A first epoch at rate zero is all there is of a short training."""

    def factor(self, step, steps_per_epoch, epochs):
        return float(step >= steps_per_epoch)


@alharness.hookimpl
def alharness_schedules():
    for name, factory in {
        "factors": FallsBelowZero,
        "factors_tensor": Tensors,
        "function-of-progress": Counts,
        "learning": WarmsUpForEver,
    }.items():
        yield alharness.ScheduleSpec(name, factory)

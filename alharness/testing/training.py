"""The kit's tiny trainings, with a loss and a schedule of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from alharness.api.loss import Loss
from alharness.api.regularizer import Regularizer
from alharness.api.schedule import Schedule
from alharness.api.space import Value
from alharness.engine.training import Examples, Training

SETTINGS: Mapping[str, Value] = {"learning-rate": 0.05, "batch-size": 16, "optimizer": "sgd"}
"""Hyper-parameters that learn the kit's images in a few epochs."""


class PlainLoss(Loss):
    """Cross entropy."""

    def per_image(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """As PyTorch has it."""
        return cross_entropy(logits, targets, reduction="none")


class PlainSchedule(Schedule):
    """The learning rate stays."""

    def factor(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        """Always 1."""
        return 1.0


def tiny_training(
    network: nn.Module,
    examples: Examples,
    n_classes: int,
    hyperparameters: Mapping[str, Value],
    regularizers: Sequence[Regularizer] = (),
    loss: Loss | None = None,
    seed: int = 0,
) -> Training:
    """A training that is validated on what it is trained on; cross entropy without a loss."""
    return Training(
        network,
        examples,
        examples,
        hyperparameters,
        regularizers,
        order=torch.Generator().manual_seed(seed),
        augmentation=torch.Generator().manual_seed(seed),
        n_classes=n_classes,
        loss=loss or PlainLoss(),
        schedule=PlainSchedule(),
    )

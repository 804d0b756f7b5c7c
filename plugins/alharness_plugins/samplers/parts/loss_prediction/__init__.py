"""What ``learning-loss`` and ``ta-vaal`` share: a module that predicts losses, and its training."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

import alharness

if TYPE_CHECKING:
    import torch
    from torch import nn


class PredictionParameters(alharness.Parameters):
    """Parameters of whatever predicts losses."""

    predictor_width: int = Field(
        128, ge=1, description="units of the loss prediction module for each level"
    )
    prediction_weight: float = Field(
        1.0, gt=0, description="weight of the ranking loss beside the task model's"
    )
    detach_from: float = Field(
        0.6,
        ge=0,
        le=1,
        description="share of the training after which the ranking loss no longer moves the task "
        "model: epoch 120 of 200 as published; 0: it never does",
    )


class PredictsLosses(alharness.LevelsExtension):
    """Trains a module that predicts each image's loss, from the levels of the task model.

    Source: Yoo and Kweon (2019), sections 3.2 and 3.3.
    """

    def __init__(self, width: int, weight: float, detach_from: float) -> None:
        self._width = width
        self._weight = weight
        self._detach_from = detach_from

    def build_on_levels(self, widths: Sequence[int], n_classes: int) -> nn.Module:
        """The loss prediction module."""
        from alharness_plugins.samplers.parts.loss_prediction.module import LossPredictor

        return LossPredictor(widths, self._width)

    def loss(self, module: nn.Module, batch: alharness.ExtensionBatch) -> torch.Tensor:
        """The weighted ranking loss of a batch; without gradients to the task model later on."""
        levels = batch.levels
        if batch.progress >= self._detach_from:
            levels = tuple(level.detach() for level in levels)
        return self._weight * self.ranking(module(levels), batch.losses)

    @abstractmethod
    def ranking(self, predicted: torch.Tensor, losses: torch.Tensor) -> torch.Tensor:
        """How badly predictions, (n,), order images as their losses do, (n,): a scalar."""

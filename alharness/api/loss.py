"""Losses: what a training minimizes over a batch of labeled images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class Loss(ABC):
    """How wrong a model's logits are about images whose labels are known.

    One instance serves one trial. Targets are integer labels, (n,) int64 in [0, C), or,
    where a regularizer mixes them, soft ones: (n, C) float32, rows that sum to one.
    """

    def before_training(self, labels: torch.Tensor, n_classes: int) -> None:
        """The labeled set's labels, (n,) int64 in [0, n_classes); told once, before training."""
        return

    @abstractmethod
    def per_image(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Losses of images, (n,) float32, from logits (n, C) and their targets."""

    def mean(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """What is minimized, a scalar: the mean of ``per_image``, weighted where images are."""
        return self.per_image(logits, targets).mean()

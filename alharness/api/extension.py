"""Training extensions: what a sampler has trained together with the task model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class ExtensionBatch:
    """What the task model made of a batch of n augmented images.

    features: penultimate features, (n, D) float32, and logits: (n, C) float32, both with
        their gradients: what the extension's loss says of them, the task model learns too.
        ``features.detach()`` keeps it from that.
    losses: the task loss of each image, (n,) float32, without gradients, of the targets that
        regularizers have mixed where one does.
    labels: (n,) int64, as they are in the labeled set.
    progress: the share of all steps that are over, in [0, 1), and 1 while a regularizer
        trains further. Yoo and Kweon (2019) detach the features from 0.6 on.
    levels: for a ``LevelsExtension`` alone, what the network computes on its way, (n, D_i)
        float32 each with their gradients, as ``Pool.levels`` has them; the last are ``features``.
    """

    features: torch.Tensor
    logits: torch.Tensor
    losses: torch.Tensor
    labels: torch.Tensor
    progress: float
    levels: tuple[torch.Tensor, ...] = ()


class TrainingExtension(ABC):
    """A module and a loss, trained with every trial of the sampler that needs it.

    A trial with an extension is no other sampler's: it enters the trial's key.
    """

    @abstractmethod
    def build(self, num_features: int, n_classes: int) -> nn.Module:
        """The module, freshly initialized; draws from torch's global generators.

        It is trained by the task model's optimizer, at its learning rate, and kept of the
        same epoch. ``num_features`` is D.
        """

    @abstractmethod
    def loss(self, module: nn.Module, batch: ExtensionBatch) -> torch.Tensor:
        """A scalar that is added to the batch's loss; its weight is its own."""


class LevelsExtension(TrainingExtension):
    """A training extension that reads what the network computes on its way: its levels.

    They are averages over all positions of feature maps, the last map of each side, the largest
    first, and the penultimate features (see ``Pool.levels``).
    """

    @abstractmethod
    def build_on_levels(self, widths: Sequence[int], n_classes: int) -> nn.Module:
        """As ``build``; ``widths`` are the D_i of the levels, at least one, the last being D."""

    def build(self, num_features: int, n_classes: int) -> nn.Module:
        """The module for a network whose only level is its penultimate features."""
        return self.build_on_levels((num_features,), n_classes)

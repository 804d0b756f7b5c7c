"""``class-weighted-cross-entropy``: cross entropy in which classes of any size count the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import alharness

if TYPE_CHECKING:
    import torch


class ClassWeightedCrossEntropy(alharness.Loss):
    """Of an image −Σ_c w_c · t_c · log p_c, with w_c = n / (C · n_c) of the current labeled set.

    The mean is over weights: the sum over the batch of that, over the sum of Σ_c w_c · t_c,
    the weight of each image. For integer labels that is PyTorch's ``cross_entropy`` with
    ``weight``, bit for bit; for soft targets PyTorch would divide by the number of images,
    so that mixing would change the scale of the gradient. A class without labeled images
    weighs 0.
    """

    weights: torch.Tensor

    def before_training(self, labels: torch.Tensor, n_classes: int) -> None:
        self.weights = inverse_frequencies(labels, n_classes)

    def per_image(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        from torch.nn.functional import cross_entropy

        return cross_entropy(logits, targets, self.weights, reduction="none")

    def mean(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        from torch.nn.functional import cross_entropy

        if targets.is_floating_point():
            return self.per_image(logits, targets).sum() / (targets @ self.weights).sum()
        return cross_entropy(logits, targets, self.weights)


def inverse_frequencies(labels: torch.Tensor, n_classes: int) -> torch.Tensor:
    """Class weights that make classes of any size count the same: n / (C · n_c), (C,) float32.

    ``labels`` are (n,) int64 in [0, C); a class without images weighs 0.
    """
    import torch

    counts = torch.bincount(labels, minlength=n_classes).float()
    return torch.where(counts > 0, len(labels) / (n_classes * counts), 0.0)


@alharness.hookimpl
def alharness_losses() -> Iterator[alharness.LossSpec]:
    yield alharness.LossSpec(
        "class-weighted-cross-entropy",
        ClassWeightedCrossEntropy,
        summary="Cross entropy weighted by the inverse of each class's frequency",
        citation="Munjal et al. (2022), section 6.3",
        cost="None that is seen.",
    )

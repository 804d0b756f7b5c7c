"""``cross-entropy``: the negative log-likelihood of the labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import alharness

if TYPE_CHECKING:
    import torch


class CrossEntropy(alharness.Loss):
    """Of an image −Σ_c t_c · log p_c, p the softmax of its logits, t its target.

    The mean is PyTorch's own ``cross_entropy``, bit for bit.
    """

    def per_image(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        from torch.nn.functional import cross_entropy

        return cross_entropy(logits, targets, reduction="none")

    # The mean of the losses above would be rounded in another order.
    def mean(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        from torch.nn.functional import cross_entropy

        return cross_entropy(logits, targets)


@alharness.hookimpl
def alharness_losses() -> Iterator[alharness.LossSpec]:
    yield alharness.LossSpec(
        "cross-entropy",
        CrossEntropy,
        summary="Negative log-likelihood of the labels; soft targets too",
        cost="None that is seen.",
    )

"""How squared error and KL divergence of a batch are made one number."""

from __future__ import annotations

import torch

from alharness_plugins.samplers.parts.adversarial.losses import kl_divergence, per_image


def torchal(
    images: torch.Tensor,
    reconstruction: torch.Tensor,
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    beta: float,
) -> torch.Tensor:
    """Squared error averaged over pixels and images, plus beta · KL summed over the images."""
    errors = (reconstruction - images).square().mean()
    return errors + beta * kl_divergence(mean, log_variance).sum()


REDUCTIONS = {"per-image": per_image, "torchal": torchal}

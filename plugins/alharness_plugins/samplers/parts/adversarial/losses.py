"""Losses of the game, scalars of one batch."""

from __future__ import annotations

import torch
from torch.nn.functional import binary_cross_entropy_with_logits


def kl_divergence(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Of N(mean, variance) from N(0, 1), summed over the latent dimensions: (n,) nats."""
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2


def per_image(
    images: torch.Tensor,
    reconstruction: torch.Tensor,
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    beta: float,
) -> torch.Tensor:
    """Mean over the images of squared error, summed over pixels, plus beta · KL.

    The negative of Sinha et al. (2019), equation 1, for one set, where p(x|z) is a
    Gaussian of variance ½, up to a constant.
    """
    errors = (reconstruction - images).square().flatten(1).sum(dim=1)
    return (errors + beta * kl_divergence(mean, log_variance)).mean()


def deceiving(labeled: torch.Tensor, unlabeled: torch.Tensor) -> torch.Tensor:
    """The VAE's: cross entropy, of logits (n,), when all images are to pass for labeled."""
    return _cross_entropy(labeled, 1.0) + _cross_entropy(unlabeled, 1.0)


def discriminating(labeled: torch.Tensor, unlabeled: torch.Tensor) -> torch.Tensor:
    """The discriminator's: cross entropy when labeled is 1 and unlabeled 0."""
    return _cross_entropy(labeled, 1.0) + _cross_entropy(unlabeled, 0.0)


def _cross_entropy(logits: torch.Tensor, target: float) -> torch.Tensor:
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))

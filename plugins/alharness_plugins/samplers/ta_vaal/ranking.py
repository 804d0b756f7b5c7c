"""What the ranker learns of pairs of images."""

from __future__ import annotations

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from alharness_plugins.samplers.parts.loss_prediction.module import mirrored_differences


def pair_ranking(predicted: torch.Tensor, losses: torch.Tensor) -> torch.Tensor:
    """Mean over pairs of the cross entropy of sigmoid(difference of predictions): a scalar.

    The target is 1 where the first image's loss is the higher one, and else 0, of equal losses
    too. Source: Kim et al. (2021) and their code. Zero of a batch that has no pair.
    """
    differences = mirrored_differences(predicted)
    if not len(differences):
        return predicted.sum() * 0
    higher = (mirrored_differences(losses) > 0).to(differences.dtype)
    return binary_cross_entropy_with_logits(differences, higher)

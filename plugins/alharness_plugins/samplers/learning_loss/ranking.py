"""What the loss prediction module learns of pairs of images."""

from __future__ import annotations

import torch

from alharness_plugins.samplers.parts.loss_prediction.module import mirrored_differences


def margin_ranking(predicted: torch.Tensor, losses: torch.Tensor, margin: float) -> torch.Tensor:
    """Mean over pairs of max(0, margin - s · (difference of predictions)): a scalar.

    s is 1 where the first image's loss is the higher one, and else -1, of equal losses too. Source:
    Yoo and Kweon (2019), equation 2, and their code. Zero of a batch that has no pair.
    """
    differences = mirrored_differences(predicted)
    if not len(differences):
        return predicted.sum() * 0
    signs = torch.where(mirrored_differences(losses) > 0, 1.0, -1.0)
    return (margin - signs * differences).clamp(min=0).mean()

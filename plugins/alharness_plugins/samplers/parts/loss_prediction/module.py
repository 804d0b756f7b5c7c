"""The loss prediction module, and the pairs of images whose losses it learns to order."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class LossPredictor(nn.Module):
    """A layer with ReLU for each level, and a linear one of them all.

    Source: Yoo and Kweon (2019), section 3.2; levels come as averages over their positions.
    """

    def __init__(self, widths: Sequence[int], width: int) -> None:
        """``widths`` of the levels, and the ``width`` that each is brought to."""
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(nn.Linear(one, width), nn.ReLU()) for one in widths
        )
        self.joined = nn.Linear(len(widths) * width, 1)

    def forward(self, levels: Sequence[torch.Tensor]) -> torch.Tensor:
        """Predicted losses, (n,), of levels (n, D_i)."""
        hidden = [branch(level) for branch, level in zip(self.branches, levels, strict=True)]
        predicted: torch.Tensor = self.joined(torch.cat(hidden, dim=1))
        return predicted.squeeze(1)


def mirrored_differences(values: torch.Tensor) -> torch.Tensor:
    """Values, (n,), less those of the image that stands as far from the other end: (n // 2,).

    The pairs of a shuffled batch; of an odd number the one in the middle has none.
    """
    return (values - values.flip(0))[: len(values) // 2]

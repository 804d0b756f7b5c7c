"""A network in three parts, with timm's interface."""

from __future__ import annotations

import torch
from torch import nn


class Classifier(nn.Module):
    """``body`` makes feature maps, ``penultimate`` a vector of them, a linear layer the logits.

    ``penultimate`` is the mean over all positions unless given. ``dropout`` acts
    between it and the linear layer, so ``pre_logits`` are the features before
    dropout. Without dropout the network has no dropout module at all: methods
    that need one can tell.
    """

    def __init__(
        self,
        body: nn.Module,
        num_features: int,
        n_classes: int,
        dropout: float = 0.0,
        penultimate: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.body = body
        self.penultimate = penultimate or nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()
        self.head = nn.Linear(num_features, n_classes)

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.body(x)
        return features

    def forward_head(self, x: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        x = self.penultimate(x)
        return x if pre_logits else self.head(self.dropout(x))

    def get_classifier(self) -> nn.Module:
        return self.head

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.forward_head(self.forward_features(x))

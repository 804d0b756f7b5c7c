"""A linear layer."""

from __future__ import annotations

from torch import nn

import alharness
from alharness_plugins.models.networks.classifier import Classifier


class Linear(alharness.Model):
    """Builds linear layers, dropout before them: logistic regression on features or pixels."""

    takes = frozenset({"images", "features"})
    stackable = True
    has_layers = False

    def __init__(self, dropout: float) -> None:
        self.dropout = dropout

    def has_dropout(self) -> bool:
        return self.dropout > 0

    def build(self, n_classes: int, in_channels: int, image_size: int) -> nn.Module:
        return Classifier(
            nn.Flatten(), in_channels * image_size**2, n_classes, self.dropout, nn.Identity()
        )

"""Multi-layer perceptron."""

from __future__ import annotations

from itertools import pairwise

from torch import nn

import alharness
from alharness_plugins.models.networks.classifier import Classifier


class Mlp(alharness.Model):
    """Builds perceptrons: features or flattened pixels, hidden layers with ReLU, dropout, a linear
    layer."""

    takes = frozenset({"images", "features"})
    stackable = True

    def __init__(self, hidden: int, layers: int, dropout: float) -> None:
        self.hidden = hidden
        self.layers = layers
        self.dropout = dropout

    def has_dropout(self) -> bool:
        return self.dropout > 0

    def build(self, n_classes: int, in_channels: int, image_size: int) -> nn.Module:
        widths = [in_channels * image_size**2] + [self.hidden] * self.layers
        layers: list[nn.Module] = [nn.Flatten()]
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), nn.ReLU()]
        return Classifier(
            nn.Sequential(*layers), self.hidden, n_classes, self.dropout, nn.Identity()
        )

"""A small convolutional network for images from 4 x 4 up."""

from __future__ import annotations

from torch import nn

import alharness
from alharness_plugins.models.networks.classifier import Classifier


class SmallCnn(alharness.Model):
    """Builds networks whose depth follows the image size.

    Blocks of convolution, batch norm, ReLU and 2 x 2 maximum, each with twice the
    channels, down to at most 3 x 3 pixels; one hidden layer; dropout.
    """

    def __init__(self, width: int, features: int, dropout: float) -> None:
        self.width = width
        self.features = features
        self.dropout = dropout

    def has_dropout(self) -> bool:
        return self.dropout > 0

    def build(self, n_classes: int, in_channels: int, image_size: int) -> nn.Module:
        blocks: list[nn.Module] = []
        channels, side, width = in_channels, image_size, self.width
        while side >= 4:
            blocks += [
                nn.Conv2d(channels, width, 3, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
                nn.MaxPool2d(2),
            ]
            channels, side, width = width, side // 2, 2 * width
        hidden = nn.Linear(channels * side**2, self.features)
        penultimate = nn.Sequential(nn.Flatten(), hidden, nn.ReLU())
        return Classifier(
            nn.Sequential(*blocks), self.features, n_classes, self.dropout, penultimate
        )

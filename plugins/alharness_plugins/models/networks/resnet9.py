"""A residual network of nine layers for small images, after CIFAR's speed records."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import max_pool2d

import alharness
from alharness_plugins.models.networks.activations import ACTIVATIONS
from alharness_plugins.models.networks.classifier import Classifier
from alharness_plugins.models.networks.initialization import initialize_convolutions
from alharness_plugins.models.networks.parameters import Activation


class ResNet9(alharness.Model):
    """Few 3 x 3 convolutions that widen early, halved by maxima, with two residual blocks.

    The idea is Page's (2018), How to Train Your ResNet, with which he led DAWNBench on CIFAR-10: a
    convolution, three stages that each double the width and halve the image, a residual block in
    the first and the last of them. Here the mean over all positions takes the place of his
    maximum, and nothing scales the logits. Whitening first layers, which he and later records
    add (Jordan, 2024), are left out: what trains in seconds should be an ordinary network.
    """

    def __init__(self, width: int, dropout: float, activation: Activation) -> None:
        self.width = width
        self.dropout = dropout
        self.activation = activation

    def has_dropout(self) -> bool:
        return self.dropout > 0

    def build(self, n_classes: int, in_channels: int, image_size: int) -> Classifier:
        first, second, third, fourth = (self.width * factor for factor in (1, 2, 4, 8))
        body = nn.Sequential(
            _convolution(in_channels, first, self.activation),
            Stage(first, second, self.activation, residual=True),
            Stage(second, third, self.activation, residual=False),
            Stage(third, fourth, self.activation, residual=True),
        )
        network = Classifier(body, fourth, n_classes, self.dropout)
        initialize_convolutions(network)
        return network


class Stage(nn.Module):
    """A convolution to another width, the image halved where it can be, and a residual block."""

    def __init__(self, channels: int, width: int, activation: Activation, residual: bool) -> None:
        super().__init__()
        self.widened = _convolution(channels, width, activation)
        block = (_convolution(width, width, activation) for _ in range(2))
        self.residual = nn.Sequential(*block) if residual else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, channels, height, width) to the stage's width, half as high and wide."""
        x = self.widened(x)
        if min(x.shape[2:]) > 1:
            x = max_pool2d(x, 2)
        return x if self.residual is None else x + self.residual(x)


def _convolution(channels: int, width: int, activation: Activation) -> nn.Sequential:
    """3 x 3 convolution without bias, batch norm, activation."""
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        ACTIVATIONS[activation](),
    )

"""Shake-Shake 26 2x32d: a residual network whose two branches are mixed at random."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

import alharness
from alharness_plugins.models.networks.activations import ACTIVATIONS
from alharness_plugins.models.networks.classifier import Classifier
from alharness_plugins.models.networks.initialization import initialize_convolutions
from alharness_plugins.models.networks.parameters import Activation

_BLOCKS = 4


class ShakeShake(alharness.Model):
    """Gastaldi (2017), Shake-Shake regularization, section 2: 26 layers, 2 branches, width 32.

    "Shake-Shake-Image": in training the branches of each image and block are
    mixed with α on the way forward and with an independent β on the way back,
    both uniform on (0, 1); in evaluation with one half. Drawn from torch's
    global generators, which are seeded around training.

    Stem, blocks and two-path skip connections are those of the paper and its
    code. The published code of Munjal et al. (2022) builds on another
    implementation, whose stem has 32 channels in place of 16, whose second skip
    path is shifted the other way, and which lacks the activation before the last
    pooling. Made for 32 x 32: on larger images the cost grows with their area.
    """

    def __init__(self, dropout: float, activation: Activation) -> None:
        self.dropout = dropout
        self.activation = activation

    def has_dropout(self) -> bool:
        return self.dropout > 0

    def build(self, n_classes: int, in_channels: int, image_size: int) -> Classifier:
        channels = 16
        layers: list[nn.Module] = [
            nn.Conv2d(in_channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        ]
        for width, stride in ((32, 1), (64, 2), (128, 2)):
            for number in range(_BLOCKS):
                layers.append(Block(channels, width, 1 if number else stride, self.activation))
                channels = width
        layers.append(ACTIVATIONS[self.activation]())
        network = Classifier(nn.Sequential(*layers), channels, n_classes, self.dropout)
        initialize_convolutions(network)
        nn.init.zeros_(network.head.bias)
        return network


class Block(nn.Module):
    """Two residual branches, mixed, and a skip connection."""

    def __init__(self, channels: int, width: int, stride: int, activation: Activation) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(
                ACTIVATIONS[activation](),
                nn.Conv2d(channels, width, 3, stride, padding=1, bias=False),
                nn.BatchNorm2d(width),
                ACTIVATIONS[activation](),
                nn.Conv2d(width, width, 3, padding=1, bias=False),
                nn.BatchNorm2d(width),
            )
            for _ in range(2)
        )
        self.skip = (
            nn.Identity() if channels == width else TwoPathSkip(channels, width, stride, activation)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first, second = (branch(x) for branch in self.branches)
        mixed = shaken(first, second) if self.training else (first + second) / 2
        skipped: torch.Tensor = self.skip(x)
        return skipped + mixed


class TwoPathSkip(nn.Module):
    """Half of the channels see the pixels at even positions, half those one up and left of them."""

    def __init__(self, channels: int, width: int, stride: int, activation: Activation) -> None:
        super().__init__()
        self.stride = stride
        self.activation = ACTIVATIONS[activation]()
        self.straight = nn.Conv2d(channels, width // 2, 1, bias=False)
        self.shifted = nn.Conv2d(channels, width // 2, 1, bias=False)
        self.normalization = nn.BatchNorm2d(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.activation(x)
        one_right_and_down = functional.pad(x, (1, -1, 1, -1))
        straight, shifted = (
            image[:, :, :: self.stride, :: self.stride] for image in (x, one_right_and_down)
        )
        joined = torch.cat([self.straight(straight), self.shifted(shifted)], dim=1)
        normalized: torch.Tensor = self.normalization(joined)
        return normalized


def shaken(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """α · first + (1 - α) · second, with the gradients of β · first + (1 - β) · second.

    α and β are drawn per image, uniform on (0, 1).
    """
    alpha, beta = torch.rand(2, len(first), 1, 1, 1, dtype=first.dtype, device=first.device)
    forward = torch.lerp(second, first, alpha)
    backward = torch.lerp(second, first, beta)
    return backward + (forward - backward).detach()

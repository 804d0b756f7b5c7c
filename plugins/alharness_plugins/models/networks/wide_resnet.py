"""The wide residual network WRN-28-2."""

from __future__ import annotations

import torch
from torch import nn

import alharness
from alharness_plugins.models.networks.activations import ACTIVATIONS
from alharness_plugins.models.networks.classifier import Classifier
from alharness_plugins.models.networks.initialization import initialize_convolutions
from alharness_plugins.models.networks.parameters import Activation

_DEPTH = 28
_WIDENING = 2


class WideResNet(alharness.Model):
    """Zagoruyko and Komodakis (2016), Wide Residual Networks: 28 layers, widened twice.

    Their pre-activated block B(3, 3) with dropout between its convolutions
    (section 2.4); where the width or the resolution changes, the shortcut is a
    1 x 1 convolution of the activated input, as in their code. Convolutions start
    as in He et al. (2015), without bias. It was made for 32 x 32 and has no
    ImageNet stem: on larger images the cost grows with their area.

    Dropout is 0.3, as in their table 6 and in the published code of Munjal et
    al. (2022), whose text names no value. That code further has leaky ReLU with
    slope 0.2 on every dataset (the paper, supplement 1.4: on CIFAR-100 in the
    transfer experiment only, hence ``activation``), and in ways that neither
    paper speaks of: biased convolutions from Xavier's initialization, the stride
    in a block's second convolution, shortcuts from the input before activation
    and a momentum of 0.9 in the last batch norm. Those are not offered.
    """

    def __init__(self, dropout: float, activation: Activation) -> None:
        self.dropout = dropout
        self.activation = activation

    def has_dropout(self) -> bool:
        return self.dropout > 0

    def build(self, n_classes: int, in_channels: int, image_size: int) -> Classifier:
        channels = 16
        layers: list[nn.Module] = [nn.Conv2d(in_channels, channels, 3, padding=1, bias=False)]
        for width, stride in ((16, 1), (32, 2), (64, 2)):
            width *= _WIDENING
            for number in range((_DEPTH - 4) // 6):
                first = number == 0
                layers.append(
                    Block(channels, width, stride if first else 1, self.dropout, self.activation)
                )
                channels = width
        layers += [nn.BatchNorm2d(channels), ACTIVATIONS[self.activation]()]
        network = Classifier(nn.Sequential(*layers), channels, n_classes)
        initialize_convolutions(network)
        nn.init.zeros_(network.head.bias)
        return network


class Block(nn.Module):
    """Normalization and activation before each of two convolutions, dropout between them."""

    def __init__(
        self, channels: int, width: int, stride: int, dropout: float, activation: Activation
    ) -> None:
        super().__init__()
        self.activated = nn.Sequential(nn.BatchNorm2d(channels), ACTIVATIONS[activation]())
        self.residual = nn.Sequential(
            nn.Conv2d(channels, width, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            ACTIVATIONS[activation](),
            nn.Dropout(dropout) if dropout else nn.Identity(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
        )
        self.shortcut = (
            nn.Conv2d(channels, width, 1, stride, bias=False) if channels != width else None
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        activated = self.activated(x)
        shortcut = x if self.shortcut is None else self.shortcut(activated)
        residual: torch.Tensor = self.residual(activated)
        return shortcut + residual

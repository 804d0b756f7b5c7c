"""VGG16 with batch norm, for images of any size."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn
from torch.nn import functional

import alharness
from alharness_plugins.models.networks.activations import ACTIVATIONS
from alharness_plugins.models.networks.classifier import Classifier
from alharness_plugins.models.networks.initialization import initialize_convolutions
from alharness_plugins.models.networks.parameters import Activation

_STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Channels and number of convolutions of each stage: configuration D, the 16 of VGG16."""


class Vgg16(alharness.Model):
    """Simonyan and Zisserman (2015), configuration D, with batch norm after each convolution.

    Each stage ends with a 2 x 2 maximum: 32 pixels end as 1 x 1, and what is left
    of larger images is averaged. The last row of an odd side is kept (28 pixels
    go 14, 7, 4, 2, 1), so that every smaller image ends as 1 x 1 too; sides that
    are multiples of 32, such as 224, meet no odd side.

    Munjal et al. (2022), section 5, give VGG16 a penultimate layer of 512 neurons
    and say no more of its head. ``compact``: features 512 -> 512, activation
    (penultimate), dropout, classes. ``torchal``: the head of the authors'
    published code: averaged to 7 x 7 (on CIFAR each feature is repeated 49
    times), 25 088 -> 4096, activation, dropout, 4096 -> 512, activation
    (penultimate), classes; dropout acts in the head's middle, and not before the
    classes.

    Convolutions start as in He et al. (2015), biases zero. Linear layers of
    ``torchal`` start from N(0, 0.01), biases zero, as in the published code;
    those of ``compact`` as PyTorch's default.
    """

    def __init__(
        self,
        dropout: float,
        activation: Activation,
        head: Literal["compact", "torchal"],
    ) -> None:
        self.dropout = dropout
        self.activation = ACTIVATIONS[activation]
        self.head = head

    def has_dropout(self) -> bool:
        return self.dropout > 0

    def build(self, n_classes: int, in_channels: int, image_size: int) -> Classifier:
        body = self._body(in_channels)
        initialize_convolutions(body)
        if self.head == "compact":
            return Classifier(body, 512, n_classes, self.dropout, self._compact())
        network = Classifier(body, 512, n_classes, penultimate=self._torchal())
        for module in network.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)
        return network

    def _body(self, channels: int) -> nn.Sequential:
        layers: list[nn.Module] = []
        for width, depth in _STAGES:
            for _ in range(depth):
                layers += [
                    nn.Conv2d(channels, width, 3, padding=1),
                    nn.BatchNorm2d(width),
                    self.activation(),
                ]
                channels = width
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
        return nn.Sequential(*layers)

    def _compact(self) -> nn.Sequential:
        return nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 512), self.activation()
        )

    def _torchal(self) -> nn.Sequential:
        return nn.Sequential(
            GridAverage(7),
            nn.Flatten(),
            nn.Linear(512 * 7**2, 4096),
            self.activation(),
            nn.Dropout(self.dropout) if self.dropout else nn.Identity(),
            nn.Linear(4096, 512),
            self.activation(),
        )


class GridAverage(nn.Module):
    """``nn.AdaptiveAvgPool2d(cells)`` as matrix products: its gradient is deterministic on GPUs."""

    def __init__(self, cells: int) -> None:
        super().__init__()
        self.cells = cells

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows, columns = (self._weights(side, x) for side in x.shape[-2:])
        return rows.T @ x @ columns

    def _weights(self, side: int, like: torch.Tensor) -> torch.Tensor:
        """The share of each pixel in each cell, (side, cells)."""
        pixels = torch.eye(side, dtype=like.dtype, device=like.device)
        return functional.adaptive_avg_pool1d(pixels, self.cells)

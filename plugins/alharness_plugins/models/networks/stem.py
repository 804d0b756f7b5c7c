"""The first layer of ImageNet's networks on small images."""

from __future__ import annotations

from torch import nn

LARGEST_SMALL_IMAGE = 64
"""Up to this side, a network made for ImageNet starts with ``small_stem`` and does not pool."""


def small_stem(in_channels: int, width: int) -> nn.Conv2d:
    """A 3 x 3 convolution that keeps the resolution, for a 7 x 7 one with stride 2.

    He et al. (2016), Deep Residual Learning, section 4.2, start so on CIFAR-10.
    """
    return nn.Conv2d(in_channels, width, 3, padding=1, bias=False)

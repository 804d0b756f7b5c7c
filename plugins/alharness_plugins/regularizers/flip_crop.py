"""``flip-crop``: random horizontal flip and random crop after zero padding, per image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

import alharness

if TYPE_CHECKING:
    import torch


class FlipCropParameters(alharness.Parameters):
    """Parameters of ``flip-crop``."""

    flip: bool = Field(True, description="flip half of the images from left to right")
    padding: int = Field(4, ge=0, description="black pixels added on each side before the crop")


class FlipCrop(alharness.Regularizer):
    """Each image of a batch gets a flip and an offset of its own."""

    def __init__(self, flip: bool, padding: int) -> None:
        self.flip = flip
        self.padding = padding

    def augment(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        if self.flip:
            images = _flipped(images, generator)
        return _cropped(images, self.padding, generator) if self.padding else images


def _flipped(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    import torch

    coin = torch.rand(len(images), 1, 1, 1, generator=generator, device=images.device) < 0.5
    return torch.where(coin, images.flip(-1), images)


def _cropped(images: torch.Tensor, padding: int, generator: torch.Generator) -> torch.Tensor:
    """Windows of the original size at an offset in [0, 2 * padding] of the padded image."""
    import torch
    from torch.nn.functional import pad

    n, channels, height, width = images.shape
    padded = pad(images, (padding,) * 4)
    offsets = torch.randint(2 * padding + 1, (2, n, 1), generator=generator, device=images.device)
    rows = offsets[0] + torch.arange(height, device=images.device)
    columns = offsets[1] + torch.arange(width, device=images.device)
    image = torch.arange(n, device=images.device)[:, None, None, None]
    channel = torch.arange(channels, device=images.device)[:, None, None]
    return padded[image, channel, rows[:, None, :, None], columns[:, None, None, :]]


@alharness.hookimpl
def alharness_regularizers() -> Iterator[alharness.RegularizerSpec]:
    yield alharness.RegularizerSpec(
        "flip-crop",
        FlipCrop,
        summary="Random horizontal flip and random crop after padding, drawn per image",
        citation="Munjal et al. (2022), sections 3 and 5",
        requires="Images whose class survives a mirror, or `flip = false` (digits).",
        cost="A copy of each batch.",
        parameters=FlipCropParameters,
    )

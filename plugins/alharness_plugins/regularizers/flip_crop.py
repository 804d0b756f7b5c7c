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
        if not self.padding:
            return _flipped(images, generator) if self.flip else images
        n, channels, height, width = images.shape
        whole = (n, channels, height + 2 * self.padding, width + 2 * self.padding)
        padded = images.new_zeros(whole)
        inner = padded[..., self.padding : -self.padding, self.padding : -self.padding]
        inner.copy_(_flipped(images, generator) if self.flip else images)
        return _cropped(padded, height, width, generator)


def _flipped(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    import torch

    coin = torch.rand(len(images), 1, 1, 1, generator=generator, device=images.device) < 0.5
    return torch.where(coin, images.flip(-1), images)


def _cropped(
    padded: torch.Tensor, height: int, width: int, generator: torch.Generator
) -> torch.Tensor:
    """Windows of this size, each image's at an offset of its own."""
    import torch

    n, _, *sides = padded.shape
    highest = sides[0] - height
    offsets = torch.randint(highest + 1, (2, n, 1), generator=generator, device=padded.device)
    rows, columns = offsets[..., 0]
    # A view of all windows: one of them is copied row by row, not pixel by pixel.
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)
    return windows[torch.arange(n, device=padded.device), :, rows, columns]


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

"""The fifteen operations of RandAugment, each on a batch of byte images.

Sources: Cubuk et al. (2019), AutoAugment, table 6, for the ranges, which Munjal
et al. (2022) refer to; their published code for the fifteen names, the signs and
the colors of what comes into view. Results are those of ``torchvision.transforms.v2.functional``
on uint8, up to one level where float32 there misses a whole level from below,
and up to pixels whose source lies exactly between two pixels. What differs
from the published code, which calls Pillow:

- shear takes the nearest pixel (the code: bicubic), as torchvision's RandAugment
  does and as the code itself translates and rotates;
- color and contrast weigh red, green and blue as torchvision does, rounded down;
  contrast does not round the mean;
- cutout's square is cropped at all four borders, as by DeVries and Taylor (2017);
  the code moves it at the left and the upper one, and draws one pixel more.

Unlike torchvision's own RandAugment, translation is not cut off to whole pixels
first, rotation turns one way only, and the threshold of solarize starts from 256.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import torch

Operation: TypeAlias = Callable[[torch.Tensor, float, torch.Tensor], torch.Tensor]
"""(pixels, level, chance) to new pixels of the same shape.

pixels: (n, channels, height, width) uint8, of 1 or 3 channels.
level: the strength in [0, 1], 1 being the strongest.
chance: (n, 2) in [0, 1): each image's own randomness, a sign or a place.
"""

BLACK, GREY = 0, 128
ROUNDING = 1e-4
"""More than float32 loses, less than tells apart what the operations compute."""


def invert(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    return 255 - pixels


def autocontrast(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """Each channel stretched to 0 ... 255; one of a single value stays."""
    darkest = pixels.amin((2, 3), keepdim=True)
    span = pixels.amax((2, 3), keepdim=True) - darkest
    stretched = (pixels - darkest).float() * 255 / span.clamp(min=1)
    return torch.where(span > 0, _bytes(stretched), pixels)


def equalize(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """Each channel's histogram flattened, as by Pillow.

    A value becomes the number of pixels below it, in steps of a 255th of the
    pixels below the highest value. A channel with fewer than 255 of these stays
    (so do all images of fewer than 256 pixels).
    """
    values = pixels.flatten(2).long()
    counts = values.new_zeros(*values.shape[:2], 256)
    counts.scatter_add_(2, values, torch.ones_like(values))
    below = counts.cumsum(2) - counts
    step = (below * (counts > 0)).amax(2, keepdim=True) // 255
    flat = ((below + step // 2) // step.clamp(min=1)).clamp(max=255).to(torch.uint8)
    return torch.where(step[..., None] > 0, flat.gather(2, values).view_as(pixels), pixels)


def rotate(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """Up to 30 degrees counterclockwise, on black."""
    x, y = _centers(pixels)
    middle_x, middle_y = pixels.shape[3] / 2, pixels.shape[2] / 2
    sine, cosine = math.sin(math.radians(30 * level)), math.cos(math.radians(30 * level))
    return _moved(
        pixels,
        cosine * (x - middle_x) - sine * (y - middle_y) + middle_x,
        sine * (x - middle_x) + cosine * (y - middle_y) + middle_y,
        fill=BLACK,
    )


def solarize(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """Values from a threshold on, which goes from 256 down to 0, inverted."""
    return torch.where(pixels >= 256 * (1 - level), 255 - pixels, pixels)


def color(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    return pixels if pixels.shape[1] == 1 else _enhanced(pixels, _grey(pixels), level, chance)


def posterize(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """The highest eight to four bits of each value."""
    dropped = 8 - round(8 - 4 * level)
    return pixels >> dropped << dropped


def contrast(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    return _enhanced(pixels, _grey(pixels).mean((1, 2, 3), keepdim=True), level, chance)


def brightness(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    return _enhanced(pixels, torch.zeros((), device=pixels.device), level, chance)


def sharpness(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """Against a smooth image: 3 x 3 means of weight 5 in the middle; the border stays."""
    smooth = pixels.float()
    inner = smooth[:, :, 1:-1, 1:-1]
    columns = smooth[:, :, :-2] + smooth[:, :, 1:-1] + smooth[:, :, 2:]
    squares = columns[..., :-2] + columns[..., 1:-1] + columns[..., 2:]
    inner.copy_(((squares + 4 * inner) / 13).round())
    return _enhanced(pixels, smooth, level, chance)


def shear_x(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """Rows moved by up to 0.3 of their distance to the upper edge."""
    x, y = _centers(pixels)
    return _moved(pixels, x + 0.3 * level * _signs(chance) * y, y, fill=GREY)


def shear_y(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """Columns moved by up to 0.3 of their distance to the left edge."""
    x, y = _centers(pixels)
    return _moved(pixels, x, y + 0.3 * level * _signs(chance) * x, fill=GREY)


def translate_x(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """Up to 150/331 of the width, to the nearest pixel."""
    x, y = _centers(pixels)
    return _moved(pixels, x - 150 / 331 * pixels.shape[3] * level * _signs(chance), y, fill=GREY)


def translate_y(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """Up to 150/331 of the height, to the nearest pixel."""
    x, y = _centers(pixels)
    return _moved(pixels, x, y - 150 / 331 * pixels.shape[2] * level * _signs(chance), fill=GREY)


def cutout(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """A black square, of up to 0.8 of the width, around a point anywhere in the image."""
    height, width = pixels.shape[2:]
    half = 0.4 * level * width
    x, y = _centers(pixels)
    covered_x = (x - chance[:, 0, None, None] * width).abs() < half
    covered_y = (y - chance[:, 1, None, None] * height).abs() < half
    return pixels.masked_fill((covered_x & covered_y)[:, None], BLACK)


OPERATIONS: dict[str, Operation] = {
    "invert": invert,
    "autocontrast": autocontrast,
    "equalize": equalize,
    "rotate": rotate,
    "solarize": solarize,
    "color": color,
    "posterize": posterize,
    "contrast": contrast,
    "brightness": brightness,
    "sharpness": sharpness,
    "shear-x": shear_x,
    "shear-y": shear_y,
    "translate-x": translate_x,
    "translate-y": translate_y,
    "cutout": cutout,
}


def _signs(chance: torch.Tensor) -> torch.Tensor:
    """Minus or plus one for each image, (n, 1, 1)."""
    return torch.where(chance[:, 0, None, None] < 0.5, -1.0, 1.0)


def _bytes(values: torch.Tensor) -> torch.Tensor:
    """Values cut off to whole levels; float32 is kept from losing one that is whole."""
    return (values + ROUNDING).clamp(0, 255).to(torch.uint8)


def _grey(pixels: torch.Tensor) -> torch.Tensor:
    """Luminance in whole levels, (n, 1, height, width) float32."""
    if pixels.shape[1] == 1:
        return pixels.float()
    red, green, blue = pixels.int().unbind(dim=1)
    return ((2989 * red + 5870 * green + 1140 * blue) // 10000).float()[:, None]


def _enhanced(
    pixels: torch.Tensor, dull: torch.Tensor, level: float, chance: torch.Tensor
) -> torch.Tensor:
    """The difference to a dull image, times 1 - 0.9 level or 1 + 0.9 level."""
    factor = 1 + 0.9 * level * _signs(chance)[..., None]
    return _bytes(dull + factor * (pixels - dull))


def _centers(pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """x and y of the pixels' centers, (1, width) and (height, 1)."""
    height, width = pixels.shape[2:]
    x = torch.arange(width, device=pixels.device) + 0.5
    y = torch.arange(height, device=pixels.device) + 0.5
    return x[None], y[:, None]


def _moved(pixels: torch.Tensor, x: torch.Tensor, y: torch.Tensor, fill: int) -> torch.Tensor:
    """For each pixel the one at (x, y), or the fill where that is outside.

    x and y broadcast to (n, height, width). On the line between two pixels it is
    the one to the right or below, whichever way float32 rounds.
    """
    n, channels, height, width = pixels.shape
    column = (x + ROUNDING).floor().long()
    row = (y + ROUNDING).floor().long()
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    source = row.clamp(0, height - 1) * width + column.clamp(0, width - 1)
    source = source.expand(n, height, width).reshape(n, 1, -1).expand(-1, channels, -1)
    moved = pixels.flatten(2).gather(2, source).view_as(pixels)
    return moved.masked_fill(~inside.expand(n, height, width)[:, None], fill)

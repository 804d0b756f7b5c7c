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
from functools import partial
from typing import TypeAlias

import numpy as np
import torch

from alharness_plugins.regularizers.randaugment.moves import ROUNDING, centers, move

Operation: TypeAlias = Callable[[torch.Tensor, float, torch.Tensor], torch.Tensor]
"""(pixels, level, chance) to new pixels of the same shape.

pixels: (n, channels, height, width) uint8, of 1 or 3 channels.
level: the strength in [0, 1], 1 being the strongest.
chance: (n, 2) in [0, 1): each image's own randomness, a sign or a place.
"""


def invert(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    return ~pixels


def autocontrast(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """Each channel stretched to 0 ... 255; one of a single value stays."""
    darkest, brightest = (one(pixels, (2, 3), keepdim=True) for one in (torch.amin, torch.amax))
    single = darkest == brightest
    # A span of 255 from 0 changes nothing.
    darkest, span = darkest.masked_fill(single, 0), (brightest - darkest).masked_fill(single, 255)
    return _bytes((pixels - darkest).float().mul_(255).div_(span))


def equalize(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """Each channel's histogram flattened, as by Pillow.

    A value becomes the number of pixels below it, in steps of a 255th of the
    pixels below the highest value. A channel with fewer than 255 of these stays
    (so do all images of fewer than 256 pixels).
    """
    values = pixels.flatten(2).long()
    counts = values.new_zeros(*values.shape[:2], 256, dtype=torch.int32)
    counts.scatter_add_(2, values, torch.ones_like(values, dtype=torch.int32))
    below = counts.cumsum(2) - counts
    step = (below * (counts > 0)).amax(2, keepdim=True) // 255
    # Whole numbers in float64 are divided exactly enough, and faster than int64.
    flat = (below + step // 2).double().div_(step.clamp(min=1)).floor_().clamp_(max=255)
    same = torch.arange(256, device=pixels.device, dtype=flat.dtype)
    table = torch.where(step > 0, flat, same).to(torch.uint8)
    return table.gather(2, values).view_as(pixels)


def solarize(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """Values from a threshold on, which goes from 256 down to 0, inverted."""
    threshold = math.ceil(256 * (1 - level))
    if threshold > 255:
        return pixels
    # All bits of values from the threshold on, none of others.
    turned = (pixels >= threshold).view(torch.uint8).neg_()
    return turned.bitwise_xor_(pixels)


def color(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    return pixels if pixels.shape[1] == 1 else _enhanced(pixels, _grey(pixels), level, chance)


def posterize(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """The highest eight to four bits of each value."""
    dropped = 8 - round(8 - 4 * level)
    return pixels >> dropped << dropped


def contrast(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    return _enhanced(pixels, _grey(pixels).mean((1, 2, 3), keepdim=True), level, chance)


def brightness(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    return _bytes(pixels * _factor(level, chance))


def sharpness(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """Against a smooth image: 3 x 3 means of weight 5 in the middle; the border stays."""
    smooth = pixels.float()
    inner = smooth[:, :, 1:-1, 1:-1]
    columns = (smooth[:, :, :-2] + smooth[:, :, 1:-1]).add_(smooth[:, :, 2:])
    squares = (columns[..., :-2] + columns[..., 1:-1]).add_(columns[..., 2:])
    inner.copy_(squares.add_(inner, alpha=4).div_(13).round_())
    return _enhanced(pixels, smooth, level, chance)


def cutout(pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """A black square, of up to 0.8 of the width, around a point anywhere in the image."""
    height, width = pixels.shape[2:]
    half = 0.4 * level * width
    x, y = centers(pixels)
    covered_x = (x - chance[:, 0, None, None] * width).abs() < half
    covered_y = (y - chance[:, 1, None, None] * height).abs() < half
    uncovered = ~(covered_x & covered_y)  # else black
    return pixels * uncovered.view(torch.uint8)[:, None]


OPERATIONS: dict[str, Operation] = {
    "invert": invert,
    "autocontrast": autocontrast,
    "equalize": equalize,
    "rotate": partial(move, "rotate"),
    "solarize": solarize,
    "color": color,
    "posterize": posterize,
    "contrast": contrast,
    "brightness": brightness,
    "sharpness": sharpness,
    "shear-x": partial(move, "shear-x"),
    "shear-y": partial(move, "shear-y"),
    "translate-x": partial(move, "translate-x"),
    "translate-y": partial(move, "translate-y"),
    "cutout": cutout,
}


def _factor(level: float, chance: torch.Tensor) -> torch.Tensor:
    """1 - 0.9 level or 1 + 0.9 level for each image, (n, 1, 1, 1)."""
    strength = np.float32(0.9 * level)
    weaker, stronger = float(1 - strength), float(1 + strength)
    return torch.where(chance[:, :1, None, None] < 0.5, weaker, stronger)


def _bytes(values: torch.Tensor) -> torch.Tensor:
    """Values, which are overwritten, cut off to whole levels.

    float32 is kept from losing one that is whole.
    """
    return values.add_(ROUNDING).clamp_(0, 255).to(torch.uint8)


def _grey(pixels: torch.Tensor) -> torch.Tensor:
    """Luminance in whole levels, (n, 1, height, width) float32."""
    values = pixels.float()
    if pixels.shape[1] == 1:
        return values
    red, green, blue = values.unbind(dim=1)
    # The sum is a whole number below 2**24; one that is no multiple is far from the next.
    weighed = (red * 2989).add_(green, alpha=5870).add_(blue, alpha=1140)
    return weighed.div_(10000).floor_()[:, None]


def _enhanced(
    pixels: torch.Tensor, dull: torch.Tensor, level: float, chance: torch.Tensor
) -> torch.Tensor:
    """The difference to a dull image, times 1 - 0.9 level or 1 + 0.9 level."""
    return _bytes((pixels - dull).mul_(_factor(level, chance)).add_(dull))

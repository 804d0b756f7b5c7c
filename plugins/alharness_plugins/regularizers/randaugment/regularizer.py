"""RandAugment on batches: each image gets operations of its own."""

from __future__ import annotations

import torch

import alharness
from alharness_plugins.regularizers.randaugment.operations import OPERATIONS

STRONGEST = 9
"""Index of the last of ten evenly spaced magnitudes, the first being 0."""

CHANNELS = (1, 3)
"""Of the images that every operation is defined on: color and contrast weigh red, green, blue."""


class RandAugment(alharness.Regularizer):
    """N operations in a row, drawn with replacement, all at magnitude M.

    Source: Cubuk et al. (2020), as Munjal et al. (2022) use it: M is tuned over 1 to
    8 of ten levels, N over 1 to 15 (supplement 1.3). Operations, signs and places
    are drawn per image; the published code does the same, image by image.

    The operations are defined on bytes, so images are rounded to 256 levels first;
    those of the harness's datasets, flipped and cropped or not, are there already.
    """

    def __init__(self, highest_m: int) -> None:
        self.highest_m = highest_m

    def search_space(self) -> alharness.Space:
        return {
            "randaugment.n": alharness.Choice(tuple(range(1, len(OPERATIONS) + 1))),
            "randaugment.m": alharness.Choice(tuple(range(1, self.highest_m + 1))),
        }

    def augment(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Raises UsageError for images of other than 1 or 3 channels, whatever is drawn."""
        if images.shape[1] not in CHANNELS:
            raise alharness.UsageError(
                f"images of {images.shape[1]} channels; it takes 1 (grey) or 3 (red, green, blue)",
                where="regularizer 'randaugment'",
                remedy="Leave it out of the scenario, or give images of 1 or 3 channels",
            )
        rounds = int(self.hyperparameters["randaugment.n"])
        level = int(self.hyperparameters["randaugment.m"]) / STRONGEST
        shape, device = (rounds, len(images)), images.device
        operations = torch.randint(len(OPERATIONS), shape, generator=generator, device=device)
        chance = torch.rand(*shape, 2, generator=generator, device=device)
        pixels = images.mul(255).round_().to(torch.uint8)
        return _augmented(pixels, level, operations, chance).to(images.dtype).div_(255)


def _augmented(
    pixels: torch.Tensor, level: float, operations: torch.Tensor, chance: torch.Tensor
) -> torch.Tensor:
    """Round after round, each operation applied once to the images that drew it.

    operations (rounds, n) and chance (rounds, n, 2) are what each image drew. The
    sizes of the groups are the one thing that the host waits for.
    """
    order = operations.argsort(dim=1)
    kinds = torch.arange(len(OPERATIONS), device=operations.device)
    sizes = (operations[:, :, None] == kinds).sum(dim=1).tolist()
    for rows, luck, counts in zip(order, chance, sizes, strict=True):
        groups = zip(
            OPERATIONS.values(),
            torch.split(pixels[rows], counts),
            torch.split(luck[rows], counts),
            strict=True,
        )
        done = [apply(group, level, own) for apply, group, own in groups if len(group)]
        pixels = torch.cat(done)[rows.argsort()]
    return pixels

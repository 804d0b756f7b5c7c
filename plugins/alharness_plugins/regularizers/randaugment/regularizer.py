"""RandAugment on batches: each image gets operations of its own."""

from __future__ import annotations

import hashlib

import torch

import alharness
from alharness_plugins.regularizers.randaugment.moves import MOVES, Moves, moves
from alharness_plugins.regularizers.randaugment.operations import OPERATIONS

STRONGEST = 9
"""Index of the last of ten evenly spaced magnitudes, the first being 0."""

_GROUPS = (*(name for name in OPERATIONS if name not in MOVES), None)
"""What is carried out at once: an operation, or (None) all that move pixels."""

_GROUP_OF = torch.tensor([_GROUPS.index(None if one in MOVES else one) for one in OPERATIONS])
_MOVE_OF = torch.tensor([MOVES.index(one) if one in MOVES else -1 for one in OPERATIONS])

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
        self._met: dict[tuple[object, ...], Moves] = {}

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
        shape = (rounds, len(images))
        operations = torch.randint(len(OPERATIONS), shape, generator=_of_the_host(generator))
        chance = torch.rand(*shape, 2, generator=generator, device=images.device)
        pixels = images.mul(255).round_().to(torch.uint8)
        return self._augmented(pixels, level, operations, chance).to(images.dtype).div_(255)

    def _augmented(
        self,
        pixels: torch.Tensor,
        level: float,
        operations: torch.Tensor,
        chance: torch.Tensor,
    ) -> torch.Tensor:
        """Round after round, each operation applied once to the images that drew it.

        All that move pixels count as one. operations (rounds, n), on the host, and chance
        (rounds, n, 2), on the device, are what each image drew. The sizes of the groups are known
        on the host, which waits for nothing.
        """
        groups = _GROUP_OF[operations]
        order = groups.argsort(dim=1)
        sizes = (groups[:, :, None] == torch.arange(len(_GROUPS))).sum(dim=1).tolist()
        moving = _MOVE_OF[operations].gather(1, order)
        device = pixels.device
        plan = zip(
            *(_copied(one, device) for one in (order, order.argsort(dim=1), moving)), strict=True
        )
        moved = self._moves(pixels, level)
        for (rows, back, kinds), luck, counts in zip(plan, chance, sizes, strict=True):
            parts = zip(
                _GROUPS,
                *(
                    torch.split(one, counts)
                    for one in (pixels.index_select(0, rows), luck.index_select(0, rows), kinds)
                ),
                strict=True,
            )
            done = [
                moved(group, kind, own) if name is None else OPERATIONS[name](group, level, own)
                for name, group, own, kind in parts
                if len(group)
            ]
            pixels = torch.cat(done).index_select(0, back)
        return pixels

    def _moves(self, pixels: torch.Tensor, level: float) -> Moves:
        """Those of a level and a size, worked out when they are first met."""
        met = (level, *pixels.shape[2:], pixels.device)
        if met not in self._met:
            self._met[met] = moves(pixels, level)
        return self._met[met]


def _of_the_host(generator: torch.Generator) -> torch.Generator:
    """The generator itself where it draws on the host, else one that follows from its state.

    The state of a GPU's generator lies on the host, so that nothing waits for the GPU. What the
    GPU draws next moves that state on.
    """
    if generator.device.type == "cpu":
        return generator
    state = hashlib.blake2b(generator.get_state().numpy().tobytes(), digest_size=7)
    return torch.Generator().manual_seed(int.from_bytes(state.digest(), "big"))


def _copied(rows: torch.Tensor, device: torch.device) -> torch.Tensor:
    """From memory that a GPU can read by itself; from other memory the host would wait."""
    readable = rows.pin_memory() if device.type == "cuda" else rows
    return readable.to(device, non_blocking=True)

"""The five operations of RandAugment that move pixels, carried out together.

Where pixels come from depends on the operation, the level and the sign, and on no image. So it is
worked out once, and a batch in which each image moves in its own way is gathered as a whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import torch

BLACK, GREY = 0, 128
ROUNDING = 1e-4
"""More than float32 loses, less than tells apart what the operations compute."""

MOVES = ("rotate", "shear-x", "shear-y", "translate-x", "translate-y")

Place: TypeAlias = tuple[torch.Tensor, torch.Tensor]
"""x and y, which broadcast to (height, width)."""


@dataclass(frozen=True)
class Moves:
    """All moves of a level, for images of one size.

    For each of ``MOVES``, with a negative and with a positive sign, of each pixel,
    (10, height · width): sources: where it comes from, int64; inside: all bits where that is in
    the image, else none; outside: the level of what comes into view there, else 0; uint8 both.
    """

    sources: torch.Tensor
    inside: torch.Tensor
    outside: torch.Tensor

    def __call__(
        self, pixels: torch.Tensor, kinds: torch.Tensor, chance: torch.Tensor
    ) -> torch.Tensor:
        """Each image moved in its own way, new pixels of the same shape.

        pixels: (n, channels, height, width) uint8. kinds: positions in ``MOVES``, (n,) int64.
        chance: (n, 2) in [0, 1): a sign.
        """
        which = (chance[:, 0] >= 0.5) + 2 * kinds
        sources, inside, outside = (
            one.index_select(0, which)[:, None] for one in (self.sources, self.inside, self.outside)
        )
        moved = pixels.flatten(2).gather(2, sources.expand(-1, pixels.shape[1], -1))
        return moved.bitwise_and_(inside).bitwise_or_(outside).view_as(pixels)


def moves(pixels: torch.Tensor, level: float) -> Moves:
    """Of images as these are, (n, channels, height, width), on their device; level in [0, 1].

    On the line between two pixels it is the one to the right or below, whichever way float32
    rounds.
    """
    height, width = pixels.shape[2:]
    x, y = centers(pixels)
    places = [_source(kind, level, sign, x, y) for kind in MOVES for sign in (-1.0, 1.0)]
    columns, rows = (
        torch.stack([(one + ROUNDING).floor().long().expand(height, width) for one in coordinate])
        for coordinate in zip(*places, strict=True)
    )
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    sources = rows.clamp(0, height - 1) * width + columns.clamp(0, width - 1)
    kept = inside.view(torch.uint8).neg().flatten(1)
    fills = [BLACK if kind == "rotate" else GREY for kind in MOVES for _ in range(2)]
    fill = torch.cat([torch.full_like(kept[:1], level) for level in fills])
    return Moves(sources.flatten(1), kept, ~kept & fill)


def move(kind: str, pixels: torch.Tensor, level: float, chance: torch.Tensor) -> torch.Tensor:
    """Images that all move in one way: an operation, of ``MOVES``."""
    kinds = torch.full_like(chance[:, 0], MOVES.index(kind), dtype=torch.int64)
    return moves(pixels, level)(pixels, kinds, chance)


def centers(pixels: torch.Tensor) -> Place:
    """x and y of the pixels' centers, (1, width) and (height, 1)."""
    height, width = pixels.shape[2:]
    x = torch.arange(width, device=pixels.device) + 0.5
    y = torch.arange(height, device=pixels.device) + 0.5
    return x[None], y[:, None]


def _source(kind: str, level: float, sign: float, x: torch.Tensor, y: torch.Tensor) -> Place:
    """Where what is seen at the pixels' centers comes from.

    Rotation: up to 30 degrees counterclockwise, whatever the sign. Shear: rows, or columns, moved
    by up to 0.3 of their distance to the upper, or left, edge. Translation: by up to 150/331 of
    the width, or height.
    """
    height, width = len(y), x.shape[1]
    match kind:
        case "shear-x":
            return x + 0.3 * level * sign * y, y
        case "shear-y":
            return x, y + 0.3 * level * sign * x
        case "translate-x":
            return x - 150 / 331 * width * level * sign, y
        case "translate-y":
            return x, y - 150 / 331 * height * level * sign
    u, v = x - width / 2, y - height / 2
    sine, cosine = math.sin(math.radians(30 * level)), math.cos(math.radians(30 * level))
    return cosine * u - sine * v + width / 2, sine * u + cosine * v + height / 2

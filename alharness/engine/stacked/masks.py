"""Dropout of a stack."""

from __future__ import annotations

from collections.abc import Sequence

import torch


class Masks:
    """Dropout of a layer's inputs, each training's from a generator of its own.

    ``kept`` has the inputs' shape, its entries zero or 1 / (1 − p); ``constant`` is the view of it
    that belongs to the constant input, which is never dropped.
    """

    def __init__(
        self,
        kept: torch.Tensor,
        constant: torch.Tensor,
        p: float,
        generators: Sequence[torch.Generator],
    ) -> None:
        self.kept = kept
        self._constant, self._p = constant, p
        self._drawn = list(zip(kept, generators, strict=True))

    def draw(self) -> torch.Tensor:
        """Masks anew."""
        for kept, generator in self._drawn:
            kept.bernoulli_(1 - self._p, generator=generator)
        self.kept.mul_(1 / (1 - self._p))
        self._constant.fill_(1)
        return self.kept

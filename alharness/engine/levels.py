"""Levels: what a network computes on its way to the penultimate features."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn

if TYPE_CHECKING:
    from alharness.engine.network import Network


class Levels:
    """Averages of a network's maps and, last, its penultimate features: (n, D_i) each.

    A map is what a module of the network hands on, (n, channels, side, side), with a side of 2 or
    more. Of all maps of one side the last counts, and is averaged over its positions; the largest
    side comes first. The penultimate features take the place of the last map where they are its
    average, as in residual networks, and else stand behind it. On features, (n, D), and in networks
    whose inside is no map they are all that there is.

    Modules are watched from here on, in the network itself and in no copy that was made before.
    """

    def __init__(self, network: nn.Module, example: torch.Tensor) -> None:
        """``example``: what the network is given, one row of it or more, on its device."""
        self._network = network
        self._maps: dict[int, torch.Tensor] | None = None
        self._handles = [one.register_forward_hook(self._note) for one in network.modules()]
        self._features_are_the_last_average = False
        *averages, features = self._of(example)
        if averages and averages[-1].shape == features.shape:
            self._features_are_the_last_average = torch.allclose(averages[-1], features, rtol=1e-4)
        if self._features_are_the_last_average:
            averages.pop()
        self.widths = tuple(level.shape[1] for level in (*averages, features))

    def release(self) -> None:
        """Watch no more."""
        for handle in self._handles:
            handle.remove()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Passes in here are those whose levels are asked for next."""
        self._maps = {}
        try:
            yield
        finally:
            self._maps = None

    def seen(self, features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Levels of the pass in the block that ``watching`` opened, given what it ended with."""
        assert self._maps is not None
        sides = sorted(self._maps, reverse=True)
        averages = [self._maps[side].mean(dim=(2, 3)).float() for side in sides]
        if self._features_are_the_last_average:
            averages.pop()
        return (*averages, features)

    def _note(self, module: nn.Module, given: Any, handed_on: Any) -> None:
        if self._maps is not None and _is_map(handed_on):
            self._maps[handed_on.shape[2]] = handed_on

    @torch.no_grad()
    def _of(self, example: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """In evaluation mode, in which nothing is drawn and no statistics move."""
        network = cast("Network", self._network)
        modes = [(one, one.training) for one in self._network.modules()]
        self._network.eval()
        with self.watching():
            maps = network.forward_features(example)
            levels = self.seen(network.forward_head(maps, pre_logits=True).flatten(1))
        for one, mode in modes:
            one.training = mode
        return levels


def levels_of(
    network: Network, batches: Iterator[tuple[slice, torch.Tensor]], n: int
) -> tuple[torch.Tensor, ...]:
    """Levels of n rows that come in slices, without gradients; the network as its mode is."""
    levels: Levels | None = None
    whole: list[torch.Tensor] = []
    try:
        with torch.no_grad():
            for rows, images in batches:
                levels = levels or Levels(network, images[:1])
                whole = whole or [images.new_empty((n, width)) for width in levels.widths]
                with levels.watching():
                    maps = network.forward_features(images)
                    parts = levels.seen(network.forward_head(maps, pre_logits=True).flatten(1))
                for level, part in zip(whole, parts, strict=True):
                    level[rows] = part
    finally:
        if levels is not None:
            levels.release()
    return tuple(whole)


def _is_map(handed_on: Any) -> bool:
    return (
        isinstance(handed_on, torch.Tensor)
        and handed_on.ndim == 4
        and handed_on.shape[2] == handed_on.shape[3] > 1
    )

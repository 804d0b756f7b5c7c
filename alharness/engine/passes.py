"""A network's passes while it is trained: precision, memory format and compilation of a recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from alharness.engine.recipe import require_carried_out

if TYPE_CHECKING:
    from alharness.engine.network import Network
    from alharness.protocol.units import Recipe

Pass = Callable[..., torch.Tensor]


@dataclass(frozen=True)
class Passes:
    """How the passes of trainings and of validation are computed; by default as the network does.

    precision: "float32", or "bfloat16": by autocast, weights and their gradients being float32.
    channels_last: weights and activations lie with their channels last.
    compile: a mode of ``torch.compile``, or None.
    """

    precision: str = "float32"
    channels_last: bool = False
    compile: str | None = None

    def of(self, network: nn.Module) -> nn.Module:
        """A module that computes a network's passes, with its weights; it has timm's interface.

        Changes how the weights lie where channels are last. Logits and penultimate features are
        float32, whatever they were computed in.
        """
        return network if self == AS_THE_NETWORK_DOES else _Computed(network, self)


AS_THE_NETWORK_DOES = Passes()
"""In float32, channels first, not compiled."""


def passes_of(recipe: Recipe) -> Passes:
    """What a recipe says of passes. Raises UsageError for what is not carried out."""
    require_carried_out(recipe.precision, recipe.compile)
    return Passes(recipe.precision, recipe.channels_last, recipe.compile)


class _Computed(nn.Module):
    """A network whose passes are computed in another way than it computes them itself."""

    def __init__(self, network: nn.Module, how: Passes) -> None:
        super().__init__()
        self.network = network
        self._how = how
        if how.channels_last:
            network.to(memory_format=torch.channels_last)
        if how.compile is not None:
            # Otherwise what this process compiled before would decide what is compiled how.
            torch.compiler.reset()
        interface = cast("Network", network)
        self._logits = self._made(interface.forward)
        self._features = self._made(interface.forward_features)
        self._head = self._made(interface.forward_head)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits, (n, C) float32."""
        return self._in_precision(self._logits, self._laid(images)).float()

    def forward_features(self, images: torch.Tensor) -> torch.Tensor:
        """What the network computes before its head, in the precision of passes."""
        return self._in_precision(self._features, self._laid(images))

    def forward_head(self, features: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        """Logits, (n, C), or penultimate features, (n, D); float32."""
        return self._in_precision(self._head, features, pre_logits).float()

    def _made(self, compute: Pass) -> Pass:
        """A pass, compiled when it is first computed, for each shape anew; or as it is."""
        mode = self._how.compile
        return compute if mode is None else torch.compile(compute, mode=mode, dynamic=False)

    def _in_precision(self, compute: Pass, given: torch.Tensor, *options: bool) -> torch.Tensor:
        if self._how.precision == "float32":
            return compute(given, *options)
        with torch.autocast(given.device.type, torch.bfloat16):
            return compute(given, *options)

    def _laid(self, images: torch.Tensor) -> torch.Tensor:
        last = self._how.channels_last and images.ndim == 4
        return images.contiguous(memory_format=torch.channels_last) if last else images

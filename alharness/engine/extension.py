"""A training extension at work: its module beside the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from alharness.api.extension import ExtensionBatch, LevelsExtension, TrainingExtension
from alharness.engine.levels import Levels

if TYPE_CHECKING:
    from alharness.engine.network import Network

PREFIX = "extension."
"""What the names of a module's weights begin with in a checkpoint."""

Weights = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class BuiltExtension:
    """An extension with the module that it has built, on the network's device.

    ``levels`` watch the network for an extension that reads them.
    """

    extension: TrainingExtension
    module: nn.Module
    levels: Levels | None = None

    def batch(
        self,
        network: nn.Module,
        images: torch.Tensor,
        losses: Callable[[torch.Tensor], torch.Tensor],
        labels: torch.Tensor,
        progress: float,
    ) -> ExtensionBatch:
        """What a network makes of images, in one pass; ``losses`` of logits, (n,)."""
        if self.levels is None:
            features, logits = features_and_logits(network, images)
            levels: tuple[torch.Tensor, ...] = ()
        else:
            with self.levels.watching():
                features, logits = features_and_logits(network, images)
                levels = self.levels.seen(features)
        with torch.no_grad():
            of_each = losses(logits)
        return ExtensionBatch(features, logits, of_each, labels, progress, levels)


def built_extension(
    extension: TrainingExtension,
    network: nn.Module,
    n_classes: int,
    device: torch.device,
    example: torch.Tensor,
) -> BuiltExtension:
    """Build the module, freshly initialized from torch's global generators.

    ``example``: what the network is given, a row of it or more, on its device.
    """
    if isinstance(extension, LevelsExtension):
        levels = Levels(network, example)
        module = extension.build_on_levels(levels.widths, n_classes)
        return BuiltExtension(extension, module.to(device), levels)
    num_features = cast("Network", network).num_features
    return BuiltExtension(extension, extension.build(num_features, n_classes).to(device))


def features_and_logits(
    network: nn.Module, images: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Penultimate features, (n, D), and logits, (n, C), from one pass up to the head."""
    interface = cast("Network", network)
    maps = interface.forward_features(images)
    return interface.forward_head(maps, pre_logits=True), interface.forward_head(maps)


def joined(weights: Weights, extension: Weights) -> dict[str, torch.Tensor]:
    """A checkpoint of a network's weights and those of an extension's module."""
    return {**weights, **{f"{PREFIX}{name}": tensor for name, tensor in extension.items()}}


def parted(checkpoint: Weights) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """A checkpoint's weights of the network, and those of the extension's module."""
    network, extension = {}, {}
    for name, tensor in checkpoint.items():
        if name.startswith(PREFIX):
            extension[name.removeprefix(PREFIX)] = tensor
        else:
            network[name] = tensor
    return network, extension

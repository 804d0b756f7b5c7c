"""A first pass: two images through a network before anything is trained with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from alharness.api.errors import ContractViolation, HarnessError, PluginError
from alharness.api.regularizer import Regularizer
from alharness.api.space import Value
from alharness.engine.network import Network, make_network, make_regularizers
from alharness.engine.plugins import Plugins
from alharness.engine.randomness import controlled
from alharness.protocol.units import parts
from alharness.registry.boundary import plugin_code

REMEDY = "Take another model, or images of a size that it takes"


def first_pass(
    plugins: Plugins, described: parts.Network, hyperparameters: Mapping[str, Value]
) -> None:
    """Build a network, with its regularizers, and pass two images of noise through it.

    In training mode augmented, and in evaluation mode, on the CPU. Raises PluginError when model or
    regularizer raises, ContractViolation when the outputs are not (2, n_classes)
    floating-point numbers or the features not (2, num_features); both name the plugin.
    """
    shape = (described.in_channels, described.image_size, described.image_size)
    origin = plugins.component("model", described.model).origin
    involved = tuple(plugins.registered(described.plugins()))
    doing = f"a first pass with images of {' x '.join(map(str, shape))}"
    try:
        with controlled(0), plugin_code(doing, origin, PluginError, involved):
            images = torch.rand(2, *shape)
            regularizers = make_regularizers(plugins, described.regularizers, hyperparameters)
            network = make_network(plugins, described, regularizers)
            outputs, features = _passed(network, images, regularizers)
    except PluginError as error:
        remedy = error.remedy or REMEDY
        raise PluginError(error.what, where=error.where, remedy=remedy) from error
    _require(outputs, (2, described.n_classes), "outputs for 2 images", origin)
    _require(features, (2, network.num_features), "features of 2 images", origin)


@torch.no_grad()
def _passed(
    network: Network, images: torch.Tensor, regularizers: Sequence[Regularizer]
) -> tuple[Any, Any]:
    """Outputs and penultimate features, evaluation mode; augmented, they pass in training mode."""
    augmented, generator = images, torch.Generator().manual_seed(0)
    for regularizer in regularizers:
        augmented = regularizer.augment(augmented, generator)
    network.train()(augmented)
    network.eval()
    features = network.forward_head(network.forward_features(images), pre_logits=True)
    return network(images), features.flatten(1)


def _require(values: Any, shape: tuple[int, int], what: str, origin: str) -> None:
    def broken(how: str) -> HarnessError:
        return ContractViolation(f"its {what} are {how}, expected {shape}", where=origin)

    if not isinstance(values, torch.Tensor):
        raise broken(type(values).__name__)
    if tuple(values.shape) != shape:
        raise broken(f"of shape {tuple(values.shape)}")
    if not values.is_floating_point():
        raise broken(f"{values.dtype}")

"""A first pass: two images through a network before anything is trained with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch

from alharness.api.errors import ContractViolation, HarnessError, PluginError
from alharness.api.model import Model
from alharness.api.regularizer import Regularizer
from alharness.api.space import Value
from alharness.engine.network import Network, make_network, make_regularizers
from alharness.engine.plugins import Plugins
from alharness.engine.randomness import controlled
from alharness.protocol.applicability import Given, require_given
from alharness.protocol.units import parts
from alharness.registry.boundary import plugin_code
from alharness.registry.model_traits import traits_of

NOISE_WIDTH = 16
"""How wide features of noise are: how wide a representation's are, computing them shows."""


def first_pass(
    plugins: Plugins,
    described: parts.Network,
    hyperparameters: Mapping[str, Value],
    sized: str = "",
) -> None:
    """Build a network, with its regularizers, and pass two images of noise through it.

    In training mode augmented, and in evaluation mode, on the CPU. Raises PluginError when model or
    regularizer raises, ContractViolation when the outputs are not (2, n_classes)
    floating-point numbers or the features not (2, num_features); both name the plugin. What a
    regularizer refuses is its own UsageError; a model that does not take what its scenario gives
    is one, too. ``sized`` is the dataset, where it has a parameter ``side``: the remedy names it.
    """
    origin = plugins.component("model", described.model).origin
    involved = tuple(plugins.registered(described.plugins()))
    given = _size(described, described.image_size)
    doing = f"a first pass with {'features' if described.representation else f'images of {given}'}"
    with controlled(0), _remedied(lambda: _remedy(plugins, described, sized)):
        width = None if described.representation is None else NOISE_WIDTH
        side = described.image_size
        images = (
            torch.rand(2, described.in_channels, side, side)
            if width is None
            else torch.rand(2, width)
        )
        _require_given(plugins, described)
        regularizers = make_regularizers(plugins, described.regularizers, hyperparameters)
        with plugin_code(doing, origin, PluginError, involved):
            network = make_network(plugins, described, regularizers, width)
        augmented = _augmented(plugins, described, images, regularizers)
        with plugin_code(doing, origin, PluginError, involved):
            outputs, features = _passed(network, images, augmented)
    _require(outputs, (2, described.n_classes), "outputs for 2 images", origin)
    _require(features, (2, network.num_features), "features of 2 images", origin)


def _require_given(plugins: Plugins, described: parts.Network) -> None:
    """Raises UsageError for a model that says that it does not take what its scenario gives."""
    component = plugins.component("model", described.model)
    traits = traits_of(plugins.create("model", described.model), component.origin)
    given: Given = "images" if described.representation is None else "features"
    require_given(replace(component, traits=traits), given)


@contextmanager
def _remedied(remedy: Callable[[], str]) -> Iterator[None]:
    """A plugin's failure that has no remedy yet gets this one."""
    try:
        yield
    except PluginError as error:
        if error.remedy:
            raise
        raise PluginError(error.what, where=error.where, remedy=remedy()) from error


@torch.no_grad()
def _augmented(
    plugins: Plugins,
    described: parts.Network,
    images: torch.Tensor,
    regularizers: Sequence[Regularizer],
) -> torch.Tensor:
    generator, size = torch.Generator().manual_seed(0), _size(described, described.image_size)
    for identity, regularizer in zip(described.regularizers, regularizers, strict=True):
        origin = plugins.component("regularizer", identity).origin
        doing = f"{type(regularizer).__name__}.augment, given images of {size},"
        remedied = _remedied(lambda: "Leave it out, or give images that it takes")
        with remedied, plugin_code(doing, origin):
            images = regularizer.augment(images, generator)
    return images


@torch.no_grad()
def _passed(network: Network, images: torch.Tensor, augmented: torch.Tensor) -> tuple[Any, Any]:
    """Outputs and penultimate features, evaluation mode; augmented, they pass in training mode."""
    network.train()(augmented)
    network.eval()
    features = network.forward_head(network.forward_features(images), pre_logits=True)
    return network(images), features.flatten(1)


def _remedy(plugins: Plugins, described: parts.Network, sized: str) -> str:
    """Another model, or images of the size that this one is made for, where it says so."""
    model: Model = plugins.create("model", described.model)
    with plugin_code("made_for", plugins.component("model", described.model).origin):
        side = model.made_for()
    if side is None or side == described.image_size:
        return "Take another model, or images of a size that it takes"
    place = f" ({sized}: side = {side})" if sized else ""
    return f"Take another model, or images of {_size(described, side)}, which it is made for{place}"


def _size(described: parts.Network, side: int) -> str:
    return f"{described.in_channels} x {side} x {side}"


def _require(values: Any, shape: tuple[int, int], what: str, origin: str) -> None:
    def broken(how: str) -> HarnessError:
        return ContractViolation(f"its {what} are {how}, expected {shape}", where=origin)

    if not isinstance(values, torch.Tensor):
        raise broken(type(values).__name__)
    if tuple(values.shape) != shape:
        raise broken(f"of shape {tuple(values.shape)}")
    if not values.is_floating_point():
        raise broken(f"{values.dtype}")

"""Activations by their names in a suite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from torch import nn

from alharness_plugins.models.networks.parameters import Activation

ACTIVATIONS: Mapping[Activation, Callable[..., nn.Module]] = {
    "relu": nn.ReLU,
    "leaky-relu": partial(nn.LeakyReLU, negative_slope=0.2),
}

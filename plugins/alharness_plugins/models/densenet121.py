"""``densenet121``: DenseNet with 121 layers."""

from __future__ import annotations

from collections.abc import Iterator

import alharness
from alharness_plugins.models.networks.parameters import NetworkParameters


@alharness.hookimpl
def alharness_models() -> Iterator[alharness.ModelSpec]:
    yield alharness.ModelSpec(
        "densenet121",
        "alharness_plugins.models.networks.densenet:DenseNet121",
        summary="DenseNet-121, growth 32; up to 64 pixels with a 3 x 3 stem and no pooling; "
        "images of at least 8 pixels",
        citation="Huang, Liu, van der Maaten and Weinberger (2017), Densely Connected "
        "Convolutional Networks",
        requires="Images of at least 8 x 8 pixels. Monte-Carlo methods: `dropout` above 0.",
        cost="6 956 426 parameters for 32 x 32 colour images of 10 classes.",
        parameters=NetworkParameters,
    )

"""``resnet18``: ResNet with 18 layers, a target of the paper's transfer experiments."""

from __future__ import annotations

from collections.abc import Iterator

import alharness
from alharness_plugins.models.networks.parameters import NetworkParameters


@alharness.hookimpl
def alharness_models() -> Iterator[alharness.ModelSpec]:
    yield alharness.ModelSpec(
        "resnet18",
        "alharness_plugins.models.networks.resnet:ResNet18",
        summary="ResNet-18; up to 64 pixels with a 3 x 3 stem and no pooling, as usual on CIFAR",
        citation="He, Zhang, Ren and Sun (2016), Deep Residual Learning for Image Recognition",
        requires="Images of any size. Monte-Carlo methods: `dropout` above 0.",
        cost="11 173 962 parameters for 32 x 32 colour images of 10 classes.",
        parameters=NetworkParameters,
    )

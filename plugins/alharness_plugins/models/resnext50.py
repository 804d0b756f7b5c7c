"""``resnext50``: ResNeXt with 50 layers (32 x 4d), the paper's model on ImageNet."""

from __future__ import annotations

from collections.abc import Iterator

import alharness
from alharness_plugins.models.networks.parameters import NetworkParameters


@alharness.hookimpl
def alharness_models() -> Iterator[alharness.ModelSpec]:
    yield alharness.ModelSpec(
        "resnext50",
        "alharness_plugins.models.networks.resnet:ResNeXt50",
        summary="ResNeXt-50 32x4d; up to 64 pixels with a 3 x 3 stem and no pooling",
        citation="Xie, Girshick, Dollár, Tu and He (2017), Aggregated Residual Transformations "
        "for Deep Neural Networks",
        requires="Images of any size. Monte-Carlo methods: `dropout` above 0.",
        cost="22 992 714 parameters for 32 x 32 colour images of 10 classes.",
        parameters=NetworkParameters,
    )

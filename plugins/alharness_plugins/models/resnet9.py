"""``resnet9``: a residual network that is trained in seconds."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

import alharness
from alharness_plugins.models.networks.parameters import NetworkParameters


class ResNet9Parameters(NetworkParameters):
    """Parameters of ``resnet9``."""

    width: int = Field(64, ge=1, description="channels of the first layer; the last has 8 times")


@alharness.hookimpl
def alharness_models() -> Iterator[alharness.ModelSpec]:
    yield alharness.ModelSpec(
        "resnet9",
        "alharness_plugins.models.networks.resnet9:ResNet9",
        summary="Eight convolutions and a linear layer, made to be trained fast on small images",
        citation="Page (2018), How to Train Your ResNet; Jordan (2024), 94% on CIFAR-10 in 3.29"
        " Seconds on a Single GPU",
        requires="Images of any size; made for 32 x 32.",
        cost="6 573 130 parameters for 32 x 32 colour images of 10 classes.",
        parameters=ResNet9Parameters,
    )

"""``vgg16``: VGG16 with batch norm, the model of most of the paper's experiments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

import alharness
from alharness_plugins.models.networks.parameters import NetworkParameters


class Vgg16Parameters(NetworkParameters):
    """Parameters of ``vgg16``."""

    dropout: float = Field(
        0.5,
        ge=0,
        lt=1,
        description="probability of dropping a penultimate feature "
        "(head 'torchal': one of the 4096 before them)",
    )
    head: Literal["compact", "torchal"] = Field(
        "compact",
        description="'compact': 512 -> 512 -> classes; 'torchal': the published code's "
        "7 x 7 pooling, 25088 -> 4096 -> 512 -> classes (120 million parameters)",
    )


@alharness.hookimpl
def alharness_models() -> Iterator[alharness.ModelSpec]:
    yield alharness.ModelSpec(
        "vgg16",
        "alharness_plugins.models.networks.vgg:Vgg16",
        summary="VGG16 with batch norm, 512 penultimate features and dropout; images of any size",
        citation="Simonyan and Zisserman (2015), Very Deep Convolutional Networks for "
        "Large-Scale Image Recognition; head after Munjal et al. (2022), section 5",
        requires="Images of any size.",
        cost="14 990 922 parameters for 32 x 32 colour images of 10 classes.",
        parameters=Vgg16Parameters,
    )

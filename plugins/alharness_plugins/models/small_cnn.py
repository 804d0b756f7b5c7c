"""``small-cnn``: a small convolutional network with batch norm and dropout."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

import alharness


class SmallCnnParameters(alharness.Parameters):
    """Parameters of ``small-cnn``."""

    width: int = Field(32, ge=1, description="channels of the first block; doubles per block")
    features: int = Field(128, ge=1, description="width of the penultimate layer")
    dropout: float = Field(
        0.5, ge=0, lt=1, description="probability of dropping a penultimate feature"
    )


@alharness.hookimpl
def alharness_models() -> Iterator[alharness.ModelSpec]:
    yield alharness.ModelSpec(
        "small-cnn",
        "alharness_plugins.models.networks.small_cnn:SmallCnn",
        summary="Convolutional blocks that halve the image down to 2 x 2, then one hidden layer",
        requires="Images of any size.",
        cost="521 386 parameters for 32 x 32 colour images of 10 classes.",
        parameters=SmallCnnParameters,
    )

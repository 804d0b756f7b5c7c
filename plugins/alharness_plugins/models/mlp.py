"""``mlp``: a multi-layer perceptron with dropout, for features and small images."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

import alharness


class MlpParameters(alharness.Parameters):
    """Parameters of ``mlp``."""

    hidden: int = Field(128, ge=1, description="width of each hidden layer")
    layers: int = Field(2, ge=1, description="number of hidden layers")
    dropout: float = Field(
        0.5, ge=0, lt=1, description="probability of dropping a penultimate feature"
    )


@alharness.hookimpl
def alharness_models() -> Iterator[alharness.ModelSpec]:
    yield alharness.ModelSpec(
        "mlp",
        "alharness_plugins.models.networks.mlp:Mlp",
        summary="Multi-layer perceptron on features or raw pixels, dropout before the last layer",
        requires="Features, or small images: its first layer has a weight for every pixel.",
        cost="411 146 parameters for 32 x 32 colour images of 10 classes.",
        parameters=MlpParameters,
    )

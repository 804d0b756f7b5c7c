"""``wrn-28-2``: a wide residual network, a target of the paper's transfer experiments."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

import alharness
from alharness_plugins.models.networks.parameters import NetworkParameters


class WrnParameters(NetworkParameters):
    """Parameters of ``wrn-28-2``."""

    dropout: float = Field(
        0.3,
        ge=0,
        lt=1,
        description="probability of dropping an activation between the two convolutions of a "
        "block; nothing is dropped before the last linear layer",
    )


@alharness.hookimpl
def alharness_models() -> Iterator[alharness.ModelSpec]:
    yield alharness.ModelSpec(
        "wrn-28-2",
        "alharness_plugins.models.networks.wide_resnet:WideResNet",
        summary="Wide ResNet with 28 layers, widened twice, dropout inside its blocks",
        citation="Zagoruyko and Komodakis (2016), Wide Residual Networks",
        requires="Images of any size.",
        cost="1 467 610 parameters for 32 x 32 colour images of 10 classes.",
        parameters=WrnParameters,
    )

"""``linear``: a linear layer on features, or on pixels."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

import alharness


class LinearParameters(alharness.Parameters):
    """Parameters of ``linear``."""

    dropout: float = Field(0.0, ge=0, lt=1, description="probability of dropping an input")


@alharness.hookimpl
def alharness_models() -> Iterator[alharness.ModelSpec]:
    yield alharness.ModelSpec(
        "linear",
        "alharness_plugins.models.networks.linear:Linear",
        summary="A linear layer on features, dropout before it",
        requires="Features that a linear layer can tell classes by; of images it takes the pixels.",
        cost="3 850 parameters for 384 features and 10 classes. On features, trainings run many at"
        " a time.",
        parameters=LinearParameters,
    )

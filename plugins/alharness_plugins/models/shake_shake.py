"""``shake-shake``: the regularized residual network of the paper's table 3."""

from __future__ import annotations

from collections.abc import Iterator

import alharness
from alharness_plugins.models.networks.parameters import NetworkParameters


@alharness.hookimpl
def alharness_models() -> Iterator[alharness.ModelSpec]:
    yield alharness.ModelSpec(
        "shake-shake",
        "alharness_plugins.models.networks.shake_shake:ShakeShake",
        summary="Shake-Shake 26 2x32d: two branches per block, mixed at random for each image",
        citation="Gastaldi (2017), Shake-Shake regularization, arXiv:1705.07485",
        requires="Images of any size. Monte-Carlo methods: `dropout` above 0.",
        cost="2 923 162 parameters for 32 x 32 colour images of 10 classes.",
        parameters=NetworkParameters,
    )

"""``randaugment``: RandAugment over fifteen operations, drawn per image."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

import alharness


class RandAugmentParameters(alharness.Parameters):
    """Parameters of ``randaugment``."""

    highest_m: int = Field(
        8, ge=1, le=9, description="magnitudes to tune over are 1 to this; published code: 9"
    )


@alharness.hookimpl
def alharness_regularizers() -> Iterator[alharness.RegularizerSpec]:
    yield alharness.RegularizerSpec(
        "randaugment",
        "alharness_plugins.regularizers.randaugment.regularizer:RandAugment",
        summary="N operations of fifteen per image, at magnitude M; both are tuned",
        citation="Cubuk et al. (2020), RandAugment; Munjal et al. (2022), sections 3 and 5",
        requires="Images of 1 or 3 channels.",
        cost="N batched operations per training batch: see docs/performance.md.",
        parameters=RandAugmentParameters,
    )

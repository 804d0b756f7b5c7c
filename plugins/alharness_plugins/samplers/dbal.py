"""DBAL: largest entropy of the class probabilities, averaged over dropout masks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

import alharness
from alharness import selection


class DbalParameters(alharness.Parameters):
    """Parameters of ``dbal``."""

    passes: int = Field(25, ge=1, description="Monte-Carlo dropout passes")
    masks: Literal["per-pass", "per-image"] = Field(
        "per-pass",
        description="'per-pass': one mask for all images of a pass, so that it is one network; "
        "'per-image': one for each image and pass, as in the published code of Munjal et al. "
        "(2022)",
    )


class Dbal(alharness.ScoreSampler):
    """Scores the entropy of the mean of p over Monte-Carlo dropout passes.

    Source: Gal, Islam and Ghahramani (2017), "max entropy". Unless ``masks``
    says otherwise, a pass has one mask for all images, so that it is one network.
    """

    needs = alharness.Needs(dropout=True)

    def __init__(self, passes: int, masks: Literal["per-pass", "per-image"] = "per-pass") -> None:
        super().__init__()
        self.passes = passes
        self.masks: Literal["per-pass", "per-image"] = masks

    def scores(self, pool: alharness.Pool) -> Any:
        """In [0, log C] nats, float64, (n_unlabeled,). Raises HarnessError without dropout."""
        slices = pool.mc_probabilities(self.passes, self.masks)
        return selection.entropy_of_mean(slices, pool.n_unlabeled)


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "dbal",
        Dbal,
        summary="Largest entropy of the mean over Monte-Carlo dropout passes",
        citation="Gal, Islam and Ghahramani, Deep Bayesian Active Learning with Image Data, "
        "ICML 2017",
        requires="A task model with dropout (`dropout` above 0); where there is none it is not "
        "applicable.",
        cost="T passes over the pool, T = `passes`; a model whose dropout sits behind its "
        "features computes these once.",
        parameters=DbalParameters,
    )

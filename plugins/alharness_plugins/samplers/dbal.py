"""DBAL: largest entropy of the class probabilities, averaged over dropout masks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

import alharness
from alharness import selection


class DbalParameters(alharness.Parameters):
    """Parameters of ``dbal``."""

    passes: int = Field(25, ge=1, description="Monte-Carlo dropout passes")


class Dbal(alharness.ScoreSampler):
    """Scores the entropy of the mean of p over Monte-Carlo dropout passes.

    Source: Gal, Islam and Ghahramani (2017), "max entropy". A pass has one mask for all
    images, so that it is one network.
    """

    def __init__(self, passes: int) -> None:
        super().__init__()
        self.passes = passes

    def scores(self, pool: alharness.Pool) -> Any:
        """In [0, log C] nats, float64, (n_unlabeled,). Raises HarnessError without dropout."""
        return selection.entropy_of_mean(pool.mc_probabilities(self.passes), pool.n_unlabeled)


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "dbal",
        Dbal,
        summary="Largest entropy of the mean over Monte-Carlo dropout passes",
        citation="Gal, Islam and Ghahramani, Deep Bayesian Active Learning with Image Data, "
        "ICML 2017",
        requires="A task model with dropout (`dropout` above 0); without, the query fails and says "
        "so.",
        cost="T passes over the pool, T = `passes`; a model whose dropout sits behind its "
        "features computes these once.",
        parameters=DbalParameters,
    )

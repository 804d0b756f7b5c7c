"""BALD: images on whose class the networks under different dropout masks disagree most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

import alharness
from alharness import selection


class BaldParameters(alharness.Parameters):
    """Parameters of ``bald``."""

    passes: int = Field(25, ge=2, description="Monte-Carlo dropout passes")


class Bald(alharness.ScoreSampler):
    """Scores the mutual information of label and weights: H(mean p) - mean H(p), largest first.

    Source: Houlsby et al. (2011), with Monte-Carlo dropout as in Gal et al. (2017). A pass
    has one mask for all images, so that it is one network.
    """

    def __init__(self, passes: int) -> None:
        super().__init__()
        self.passes = passes

    def scores(self, pool: alharness.Pool) -> Any:
        """In [0, log C] nats, float64, (n_unlabeled,). Raises HarnessError without dropout."""
        return selection.mutual_information(pool.mc_probabilities(self.passes), pool.n_unlabeled)


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "bald",
        Bald,
        summary="Largest mutual information of label and Monte-Carlo dropout mask",
        citation="Houlsby, Huszár, Ghahramani and Lengyel, Bayesian Active Learning for "
        "Classification and Preference Learning, arXiv:1112.5745, 2011",
        requires="A task model with dropout (`dropout` above 0); without, the query fails and says "
        "so.",
        cost="T passes over the pool, T = `passes`; a model whose dropout sits behind its "
        "features computes these once.",
        parameters=BaldParameters,
    )

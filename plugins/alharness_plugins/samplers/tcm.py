"""TCM: TypiClust while labels are few, margin afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness import selection
from alharness_plugins.samplers.parts.features import FeatureParameters, features_alone


class TcmParameters(FeatureParameters):
    """Parameters of ``tcm``."""

    typical_queries: int = Field(
        3, ge=0, description="queries of a run that are TypiClust's, from cycle 0 on"
    )


class Tcm(alharness.ScoreSampler):
    """TypiClust in the first three queries of a run, the smallest margins in all others.

    Source: Doucet et al. (2024). When to change is a published implementation's number, three
    queries: the paper's own rule was not at hand. The cycle decides: queries of cycles below
    ``typical_queries`` are TypiClust's, with the constants of ``typiclust``, and so is the
    choice of an initial set, which is not counted. Margins are those of ``margin``.
    """

    def __init__(self, representation: str, typical_queries: int) -> None:
        super().__init__()
        self.needs = features_alone(representation)
        self.typical_queries = typical_queries

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        typical = pool.n_labeled == 0 or pool.cycle < self.typical_queries
        self.notes = {"picks": "typical" if typical else "smallest margins"}
        if not typical:
            return super().query(pool, budget, rng)
        return selection.typical_rows(
            pool.representation("unlabeled"), pool.representation("labeled"), budget, rng
        )

    def scores(self, pool: alharness.Pool) -> object:
        """Minus the difference of the two highest probabilities, (n_unlabeled,) in [-1, 0]."""
        return -selection.margins(pool.probabilities())


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "tcm",
        Tcm,
        summary="TypiClust for three queries, then the smallest margins",
        citation="Doucet, Estermann, Aczel and Wattenhofer, Bridging Diversity and Uncertainty in "
        "Active Learning with Self-Supervised Pre-Training, arXiv:2403.03728, 2024",
        requires="Features: those of the scenario, or a `representation` that is named.",
        cost="That of typiclust, then one pass over the pool.",
        parameters=TcmParameters,
    )

"""QBC: images on whose class a committee of models disagrees most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

import alharness
from alharness import selection

Measure = Literal["variance-ratio", "entropy", "bald"]


class QbcParameters(alharness.Parameters):
    """Parameters of ``qbc``."""

    members: int = Field(5, ge=2, description="models in the committee, beside the task model")
    measure: Measure = Field(
        "variance-ratio",
        description="variance-ratio: 1 less the share of the most common prediction; entropy: of "
        "the mean prediction; bald: that less the mean entropy",
    )


class Qbc(alharness.ScoreSampler):
    """Scores the disagreement of a committee, largest first.

    Source: Beluch et al. (2018), as in Munjal et al. (2022), section 2.5: the variance ratio
    over five models. The members are trained as the task model is, with its
    hyper-parameters and regularizers; the published code trains them without RandAugment
    and SWA, so that they are not on equal terms with it. A variance ratio over M models
    has few values: ties are broken with ``rng``, and their share is recorded.
    """

    def __init__(self, members: int, measure: Measure) -> None:
        super().__init__()
        self.needs = alharness.Needs(committee=members)
        self.measure = measure

    def scores(self, pool: alharness.Pool) -> Any:
        """Disagreement, float64, (n_unlabeled,): in [0, 1), or nats in [0, log C]."""
        score = {
            "variance-ratio": selection.variance_ratio,
            "entropy": selection.entropy_of_mean,
            "bald": selection.mutual_information,
        }[self.measure]
        return score(pool.committee_probabilities(), pool.n_unlabeled)


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "qbc",
        Qbc,
        summary="Largest disagreement of a committee of further models",
        citation="Beluch, Genewein, Nürnberger and Köhler, The Power of Ensembles for Active "
        "Learning in Image Classification, CVPR 2018",
        requires="Nothing of the model: the harness trains the committee.",
        cost="`members` further trainings in every cycle that queries, shared by all methods of a"
        " bench that need them in cycle 0, and one forward pass of each member over the "
        "pool.",
        parameters=QbcParameters,
    )

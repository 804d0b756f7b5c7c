"""BALD: images on whose class the networks under different dropout masks disagree most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

import alharness
from alharness import selection


class BaldParameters(alharness.Parameters):
    """Parameters of ``bald``."""

    passes: int = Field(25, ge=2, description="Monte-Carlo dropout passes")
    masks: Literal["per-pass", "per-image"] = Field(
        "per-pass",
        description="'per-pass': one mask for all images of a pass, so that it is one network; "
        "'per-image': one for each image and pass, as in the published code of Munjal et al. "
        "(2022)",
    )


class Bald(alharness.ScoreSampler):
    """Scores the mutual information of label and weights: H(mean p) - mean H(p), largest first.

    Source: Houlsby et al. (2011), with Monte-Carlo dropout as in Gal et al. (2017). Unless
    ``masks`` says otherwise, a pass has one mask for all images, so that it is one network.
    """

    needs = alharness.Needs(dropout=True)

    def __init__(self, passes: int, masks: Literal["per-pass", "per-image"] = "per-pass") -> None:
        super().__init__()
        self.passes = passes
        self.masks: Literal["per-pass", "per-image"] = masks

    def scores(self, pool: alharness.Pool) -> Any:
        """In [0, log C] nats, float64, (n_unlabeled,). Raises HarnessError without dropout."""
        slices = pool.mc_probabilities(self.passes, self.masks)
        return selection.mutual_information(slices, pool.n_unlabeled)


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "bald",
        Bald,
        summary="Largest mutual information of label and Monte-Carlo dropout mask",
        citation="Houlsby, Huszár, Ghahramani and Lengyel, Bayesian Active Learning for "
        "Classification and Preference Learning, arXiv:1112.5745, 2011",
        requires="A task model with dropout (`dropout` above 0); where there is none it is not "
        "applicable.",
        cost="T passes over the pool, T = `passes`; a model whose dropout sits behind its "
        "features computes these once.",
        parameters=BaldParameters,
    )

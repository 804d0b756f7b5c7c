"""MaxHerding: images that make every image similar to a labeled one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness import selection
from alharness_plugins.samplers.parts.features import FeatureParameters, features_alone


class MaxHerdingParameters(FeatureParameters):
    """Parameters of ``max-herding``."""

    width: float = Field(
        1.0, gt=0, description="sigma of the similarity exp(-d² / sigma²), features of length one"
    )


class MaxHerding(alharness.Sampler):
    """Greedily maximizes the mean, over all images, of the similarity to the nearest labeled one.

    Source: Bae, Noh and Sutherland (2024), with the similarity exp(-d² / σ²), σ = 1, on features
    of length one, as in their code. Labeled images are centers from the start. Deterministic
    up to the order of the pool, which breaks ties. Needs no model but for the model's own
    features.
    """

    def __init__(self, representation: str, width: float) -> None:
        self.needs = features_alone(representation)
        self.width = width

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        return selection.greedy_herding(
            selection.unit_rows(pool.representation("unlabeled")),
            selection.unit_rows(pool.representation("labeled")),
            budget,
            width=self.width,
        )


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "max-herding",
        MaxHerding,
        summary="Greedy cover of the pool by similarity to the nearest labeled image",
        citation="Bae, Noh and Sutherland, Generalized Coverage for More Robust Low-Budget Active "
        "Learning, ECCV 2024",
        requires="Features: those of the scenario, or a `representation` that is named.",
        cost="(labeled + pool) x pool similarities, and those of some images after each pick; "
        "memory linear in the pool.",
        parameters=MaxHerdingParameters,
    )

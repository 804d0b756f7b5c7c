"""k-means: the image nearest to the center of each of as many clusters as are asked for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

import alharness
from alharness import selection
from alharness_plugins.samplers.parts.features import FeatureParameters, features_alone


class KMeansParameters(FeatureParameters):
    """Parameters of ``kmeans``."""


class KMeans(alharness.Sampler):
    """Clusters the unlabeled images, ``budget`` clusters, and picks the one nearest to each center.

    Source: the baseline of Ash et al. (2020), section 4 ("K-means"), there on the task model's
    penultimate features, not normalized: ``representation = "task-model"``. Labels and labeled
    images play no part. Nearest is meant among a cluster's own images, so that none comes
    twice; clusters without any, as duplicates make them, are made up for by images drawn
    uniformly: note ``filled`` is their number. Needs no model but for the model's own features.
    """

    def __init__(self, representation: str) -> None:
        self.needs = features_alone(representation)

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        rows = pool.representation()
        picks = selection.nearest_to_centers(rows, selection.k_means(rows, budget, rng))
        self.notes = {"filled": budget - len(picks)}
        return selection.filled(picks, pool.n_unlabeled, budget, rng)


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "kmeans",
        KMeans,
        summary="The image nearest to each center of k-means on features",
        citation="Ash, Zhang, Krishnamurthy, Langford and Agarwal, Deep Batch Active Learning by "
        "Diverse, Uncertain Gradient Lower Bounds, ICLR 2020 (a baseline there)",
        requires="Features: those of the scenario, or a `representation` that is named.",
        cost="At most a hundred times budget x pool distances; memory linear in the pool and in "
        "the budget.",
        parameters=KMeansParameters,
    )

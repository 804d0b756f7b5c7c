"""TypiClust: the most typical image of each cluster that has the fewest labels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness import selection
from alharness_plugins.samplers.parts.features import FeatureParameters, features_alone


class TypiClustParameters(FeatureParameters):
    """Parameters of ``typiclust``."""

    max_clusters: int = Field(500, ge=1, description="clusters at most")
    neighbors: int = Field(20, ge=1, description="neighbors that typicality is the nearness of")
    small: int = Field(
        5, ge=0, description="clusters of at most so many images come after all others"
    )


class TypiClust(alharness.Sampler):
    """Clusters all images, labeled ones too, and picks typical ones where labels are few.

    Source: Hacohen, Dekel and Weinshall (2022), algorithm 1, with the constants of their code:
    features of length one, min(labeled + budget, 500) clusters, of which those with the fewest
    labels, then the largest, take turns; typicality is the inverse of the mean squared distance
    to 20 neighbors, or to half of what is left, among the unlabeled images of the cluster.

    Different from their code: k-means is Lloyd's for any number of clusters, not of mini-batches
    above 50; a cluster that has no image left loses its turns, where theirs ends in an error;
    clusters of at most five images, which theirs never asks, come when all others have none left;
    no validation image is clustered. Theirs clusters features of self-supervised networks: name
    such a representation, or train the scenario on it. Needs no model but for the model's own
    features.
    """

    def __init__(self, representation: str, max_clusters: int, neighbors: int, small: int) -> None:
        self.needs = features_alone(representation)
        self.max_clusters = max_clusters
        self.neighbors = neighbors
        self.small = small

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        return selection.typical_rows(
            pool.representation("unlabeled"),
            pool.representation("labeled"),
            budget,
            rng,
            max_clusters=self.max_clusters,
            neighbors=self.neighbors,
            small=self.small,
        )


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "typiclust",
        TypiClust,
        summary="Typical images of clusters with few labels",
        citation="Hacohen, Dekel and Weinshall, Active Learning on a Budget: Opposite Strategies "
        "Suit High and Low Budgets, ICML 2022",
        requires="Features: those of the scenario, or a `representation` that is named.",
        cost="At most a hundred times clusters x (labeled + pool) distances, and those within the "
        "clusters that are asked; memory linear in the pool.",
        parameters=TypiClustParameters,
    )

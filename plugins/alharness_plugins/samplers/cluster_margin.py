"""Cluster-Margin: images of small margin, in turn from clusters that are made once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness import selection


class ClusterMarginParameters(alharness.Parameters):
    """Parameters of ``cluster-margin``."""

    candidates: float = Field(
        1.25, ge=1, description="Images of smallest margin that are picked among, per pick"
    )
    sample: int = Field(
        1000, ge=1, description="Images that are clustered; the others join the nearest cluster"
    )
    mean_size: float = Field(
        2.0, ge=1, description="Mean number of those in a cluster: where the hierarchy is cut"
    )


class ClusterMargin(alharness.Sampler):
    """Picks among the images of smallest margin, in turn from their clusters, smallest first.

    Source: Citovsky et al. (2021), algorithms 1 and 2: average-linkage clusters of the pool's
    penultimate features are made in the run's first query and kept for all later ones; of the
    candidates x budget images of smallest margin, each round takes one at random from every
    cluster. A cluster's size is the number of these images in it. Different from there: the
    hierarchy is made of a sample, as in the published code of GALAXY (1 000 images, two to a
    cluster), since that of a pool takes all its distances; it is cut by the number of clusters, not
    at a distance. 1.25 candidates per pick are those reported for CIFAR, 10 those for OpenImages.

    Images that the first query was not shown join the cluster whose images' mean is nearest to them
    in the features of now.
    """

    def __init__(self, candidates: float, sample: int, mean_size: float) -> None:
        self.candidates, self.sample, self.mean_size = candidates, sample, mean_size

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        clusters = self._clusters(pool, rng)
        margins = selection.margins(pool.probabilities()).cpu().numpy()
        n_candidates = max(budget, int(self.candidates * budget))
        chance = rng.random(pool.n_unlabeled)
        candidates = np.lexsort((chance, margins))[:n_candidates]
        return candidates[selection.round_robin(clusters[candidates], budget, rng)]

    def _clusters(self, pool: alharness.Pool, rng: np.random.Generator) -> NDArray[np.int64]:
        """Of the unlabeled images, (n_unlabeled,); stores those of all that were ever seen."""
        numbers, rows, before = pool.numbers().cpu().numpy(), pool.embeddings(), pool.stored()
        known, kept = selection.kept_values(numbers, before, "clusters")
        if not known.any():
            clusters = selection.agglomerated(
                rows, rng, sample=self.sample, mean_size=self.mean_size
            )
            self.stored = {"numbers": numbers, "clusters": clusters.astype(np.int32)}
            return clusters
        clusters = np.empty(len(numbers), dtype=np.int64)
        clusters[known] = kept
        if not known.all():
            clusters[~known] = selection.nearest_mean(rows[~known], rows[known], clusters[known])
        self.stored = {
            "numbers": np.concatenate([before["numbers"], numbers[~known]]),
            "clusters": np.concatenate([before["clusters"], clusters[~known].astype(np.int32)]),
        }
        return clusters


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "cluster-margin",
        ClusterMargin,
        summary="Smallest margins, in turn from clusters that are made once",
        citation="Citovsky, DeSalvo, Gentile, Karydas, Rajagopalan, Rostamizadeh and Kumar, Batch "
        "Active Learning at Scale, NeurIPS 2021",
        cost="One forward pass over the pool; in a run's first query the hierarchy of `sample` "
        "images, whose distances are all held, and pool x clusters distances. Memory linear in "
        "the pool, and sample²; twelve bytes an image are stored for the next query.",
        parameters=ClusterMarginParameters,
    )

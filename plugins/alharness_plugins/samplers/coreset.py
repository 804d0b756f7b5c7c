"""Coreset: images far from every labeled one, in the task model's feature space."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

import alharness
from alharness import selection


class Coreset(alharness.Sampler):
    """Greedy k-center on the penultimate features, not normalized, from the labeled images.

    Source: Sener and Savarese (2018), algorithm 1. Squared Euclidean distances order
    as the paper's do. Deterministic up to the order of the pool, which breaks ties.
    """

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        return selection.greedy_k_center(
            pool.embeddings("unlabeled"), pool.embeddings("labeled"), budget
        )


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "coreset",
        Coreset,
        summary="Greedy k-center on the penultimate features",
        citation="Sener and Savarese, Active Learning for Convolutional Neural Networks: "
        "A Core-Set Approach, ICLR 2018",
        cost="One forward pass over the pool and the labeled set, and at most (labeled + budget) "
        "x pool distances; memory linear in the pool.",
    )

"""CDAL: images whose class probabilities are far from those of all labeled ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

import alharness
from alharness import selection


class Cdal(alharness.Sampler):
    """Greedy k-center on class probabilities by their symmetric KL divergence (CDAL-CS).

    Source: Agarwal et al. (2020), sections 3.1 and 3.2, for whole images, whose mixture is their
    class probabilities. Starts from the labeled images; the published code starts from an image
    drawn at random. Probabilities below 1e-8 count as that, where the published code leaves out
    terms that are infinite. Deterministic up to the order of the pool, which breaks ties. The
    paper's other variant, CDAL-RL, is another method and not here.
    """

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        return selection.greedy_contextual_diversity(
            pool.probabilities("unlabeled"), pool.probabilities("labeled"), budget
        )


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "cdal",
        Cdal,
        summary="Greedy k-center on class probabilities by their symmetric divergence",
        citation="Agarwal, Arora, Anand and Arora, Contextual Diversity for Active Learning, "
        "ECCV 2020",
        cost="One forward pass over the pool and the labeled set, and (labeled + budget) x pool "
        "divergences of C terms; memory linear in the pool.",
    )

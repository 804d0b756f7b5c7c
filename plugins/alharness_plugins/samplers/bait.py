"""BAIT: images whose Fisher information makes the predictions on all images most certain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness import selection

if TYPE_CHECKING:
    import torch


class BaitParameters(alharness.Parameters):
    """Parameters of ``bait``."""

    regularization: float = Field(
        1.0, gt=0, description="λ, the multiple of the identity that information starts from"
    )


class Bait(alharness.Sampler):
    """Makes tr(M⁻¹ I) of the last layer's Fisher information small, forward then backward.

    Source: Ash et al. (2021), algorithm 1: twice the budget is picked greedily, half of it given up
    again. The information is that of Huseljic et al. (2024), their "binary" form: whether the
    predicted class is right, p (1 - p) h hᵀ with p its probability and h the penultimate features,
    D x D in place of (C D) x (C D). The form of the paper, with all classes, is not offered: a
    hundred classes are beyond any memory. λ = 1 as in the published code. Deterministic
    up to the order of the pool, which breaks ties.
    """

    def __init__(self, regularization: float) -> None:
        self.regularization = regularization

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        return selection.greedy_fisher(
            _information(pool, "unlabeled"),
            _information(pool, "labeled"),
            budget,
            regularization=self.regularization,
        )


def _information(
    pool: alharness.Pool, subset: alharness.Subset
) -> tuple[torch.Tensor, torch.Tensor]:
    """Features, (n, D), and what their outer products weigh, (n,)."""
    return pool.embeddings(subset), selection.prediction_variance(pool.probabilities(subset))


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "bait",
        Bait,
        summary="Smallest tr(M⁻¹ I) of Fisher information, of the predicted class against the rest",
        citation="Ash, Goel, Krishnamurthy and Kakade, Gone Fishing: Neural Active Learning with "
        "Fisher Embeddings, NeurIPS 2021; in the binary form of Huseljic, Hahn, Herde, Rauch and "
        "Sick, Fast Fishing: Approximating BAIT for Efficient and Scalable Deep Active Image "
        "Classification, arXiv:2404.08981, 2024",
        cost="One forward pass over the pool and the labeled set, and 3 x budget times two inner "
        "products of each image's features in double precision; memory linear in the pool, the "
        "features in double precision, and D².",
        parameters=BaitParameters,
    )

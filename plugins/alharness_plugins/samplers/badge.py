"""BADGE: a diverse batch of images whose gradients in the last layer are large."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

import alharness
from alharness import selection


class Badge(alharness.Sampler):
    """D² sampling of the last layer's gradients under the predicted class.

    Source: Ash et al. (2020), algorithm 1: the gradient of the cross entropy at the predicted
    class, (p - onehot(ŷ)) ⊗ h with h the penultimate features, and k-means++ seeding on it. As
    in the published code the first pick is the longest gradient, where the paper's k-means++
    draws it uniformly; later ones are drawn exactly in proportion to D². The gradients, of
    C x D numbers each, are never formed. Labeled images take no part.
    """

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        return selection.d_squared_sampling(*pool.gradient_factors(), budget, rng)


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "badge",
        Badge,
        summary="Diverse and large gradients of the last layer, by D² sampling",
        citation="Ash, Zhang, Krishnamurthy, Langford and Agarwal, Deep Batch Active Learning by "
        "Diverse, Uncertain Gradient Lower Bounds, ICLR 2020",
        cost="One forward pass over the pool, and budget x pool inner products of probabilities "
        "and of features; memory linear in the pool.",
    )

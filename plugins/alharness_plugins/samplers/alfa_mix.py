"""ALFA-Mix: images whose prediction flips when their features are mixed a little with others'."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness import selection


class AlfaMixParameters(alharness.Parameters):
    """Parameters of ``alfa-mix``."""

    first: float = Field(
        0.03125, gt=0, le=1, description="The smallest cap of a mixture, where the growth begins"
    )
    step: float = Field(0.03125, gt=0, le=1, description="By how much the cap grows")
    last: float = Field(
        1.0,
        gt=0,
        le=1,
        description="The largest cap, at least `first`; both 0.2: once, as in some published code",
    )


class AlfaMix(alharness.Sampler):
    """Clusters the images whose predicted class changes when features are mixed with an anchor.

    Source: Parvaneh et al. (2022), sections 3.1 to 3.4. Anchors are the mean features of each
    labeled class; a class without labels has the mean of all. The mixture is along the gradient g
    of the predicted class's loss in the features z: equation 5 with its α in closed form is
    z + ε |z* - z| g / |g|, ε = cap / √D. The cap grows until more than ``budget`` images flip for
    some anchor (as in the published code; the paper has it fixed). Of them k-means on features of
    length one picks, fewer are filled up uniformly: note ``filled`` is their number, ``cap`` the
    last cap, ``candidates`` how many flipped.
    """

    def __init__(self, first: float, step: float, last: float) -> None:
        self.first, self.step, self.last = first, step, last

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        anchors = selection.class_means(pool.embeddings("labeled"), pool.labels(), pool.n_classes)
        flips = selection.flipping_rows(
            pool.embeddings(),
            anchors,
            pool.head(),
            budget,
            rng,
            first=self.first,
            step=self.step,
            last=self.last,
        )
        self.notes = {
            "cap": flips.cap,
            "candidates": flips.candidates,
            "filled": budget - len(flips.picks),
        }
        return selection.filled(flips.picks, pool.n_unlabeled, budget, rng)


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "alfa-mix",
        AlfaMix,
        summary="Images that flip when their features are mixed with other classes', clustered",
        citation="Parvaneh, Abbasnejad, Teney, Haffari, van den Hengel and Shi, Active Learning "
        "by Feature Mixing, CVPR 2022",
        requires="A task model whose last layer makes logits of its features, as all built-in "
        "ones have it.",
        cost="One forward pass over the pool and the labeled set, the last layer over the pool up "
        "to 33 times, and k-means with `budget` centers on the images that flip; memory linear "
        "in the pool.",
        parameters=AlfaMixParameters,
    )

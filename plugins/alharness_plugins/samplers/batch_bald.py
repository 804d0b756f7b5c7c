"""BatchBALD: the batch whose labels together tell most about which network is right."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness import selection


class BatchBaldParameters(alharness.Parameters):
    """Parameters of ``batch-bald``."""

    passes: int = Field(25, ge=2, description="Monte-Carlo dropout passes")
    samples: int = Field(
        10_000,
        ge=1,
        description="Outcomes of the batch's labels: all of them while there are no more than "
        "this, else so many that are drawn",
    )


class BatchBald(alharness.Sampler):
    """Greedily picks the batch with the largest joint mutual information of labels and masks.

    Source: Kirsch et al. (2019), algorithm 1, under the same dropout masks for the whole pool.
    Exact while C to the power of the batch's size is at most ``samples``; beyond, outcomes are
    drawn. Different from the published code: these are extended by each pick, not drawn anew, and
    the conditional entropy is estimated in place of the joint one, which ranks alike; an image is
    looked at again only while what it could add is the highest.

    T passes hold at most log T nats. A query notes ``information``, the nats of its batch as far
    as drawn outcomes tell: where it is near that, later picks are hardly better than chance.
    """

    needs = alharness.Needs(dropout=True)

    def __init__(self, passes: int, samples: int) -> None:
        self.passes, self.samples = passes, samples

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        slices = pool.mc_probabilities(self.passes)
        picks, nats = selection.greedy_batch_bald(
            slices, pool.n_unlabeled, budget, rng, samples=self.samples
        )
        self.notes = {"information": float(nats.sum())}
        return picks


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "batch-bald",
        BatchBald,
        summary="Largest mutual information of a whole batch's labels with the dropout mask",
        citation="Kirsch, van Amersfoort and Gal, BatchBALD: Efficient and Diverse Batch "
        "Acquisition for Deep Bayesian Active Learning, NeurIPS 2019",
        requires="A task model with dropout (`dropout` above 0); where there is none it is not "
        "applicable.",
        cost="T passes over the pool, T = `passes`, whose probabilities are all held, T x pool x C "
        "numbers: masks are the same for the whole pool, so that none can be given up. For each "
        "pick `samples` x T x C operations for each image that is looked at: all of them once, "
        "then some. Meant for small budgets.",
        parameters=BatchBaldParameters,
    )

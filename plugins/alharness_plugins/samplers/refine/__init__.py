"""Refine: a pool that several strategies leave of all images, covered by Uncertainty Herding."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness_plugins.samplers.parts.features import TASK_MODEL, features_alone

N_STRATEGIES = 9


class RefineParameters(alharness.Parameters):
    """Parameters of ``refine``; the defaults are the published ones."""

    representation: str = Field(
        TASK_MODEL,
        description="Features that TypiClust clusters and both Herdings cover: task-model, its "
        "penultimate ones; scenario, those that the scenario trains on; or any representation by "
        "name",
    )
    rounds: int = Field(
        5, ge=0, description="Rounds of filtering; without any it is Uncertainty Herding"
    )
    batches: int = Field(
        100,
        ge=N_STRATEGIES,
        description="Batches of a round, the same number by each strategy, rounded down",
    )
    first_subset: int = Field(
        5000, ge=1, description="Images that a batch of the first round is picked from"
    )
    later_share: float = Field(
        0.4,
        gt=0,
        le=1,
        description="Share of its pool that a batch of a later round is picked from",
    )
    pool_limit: int = Field(10_000, ge=1, description="Images that a round leaves, at most")


class Refine(alharness.Sampler):
    """Filters the pool in rounds by what nine strategies pick, and covers what is left.

    Source: Huseljic et al. (2026), and their code. In each of 5 rounds each strategy picks 11
    batches of the query's size, each from a uniform subset of its own: 5 000 images of the whole
    pool, later 40 % of what the round before left. What is in any batch is the pool of the next
    round, 10 000 images drawn of it where it has more. Of the last one Uncertainty Herding picks.
    No subset and no pool is smaller than the query. Where a pool is small beside what a round
    picks nothing is filtered, and Uncertainty Herding is all that is left: note ``pools`` tells
    how many images each round left.

    The strategies are random, margin, BADGE, BAIT in its binary form, TypiClust, ALFA-Mix,
    DropQuery, MaxHerding and Uncertainty Herding, each as the sampler of its name with its
    defaults; what is different there from published code is different here (in that of Refine
    ALFA-Mix has one cap, 0.2, and TypiClust draws once all clusters have a label). Temperature and
    σ of Uncertainty Herding depend on the labels alone and are found once: notes ``temperature``
    and ``width``.

    Asked before any training, by features that need none, those filter that need no model
    (random, TypiClust and MaxHerding, with more batches each), and MaxHerding picks.
    """

    def __init__(
        self,
        representation: str,
        rounds: int,
        batches: int,
        first_subset: int,
        later_share: float,
        pool_limit: int,
    ) -> None:
        self.needs = features_alone(representation)
        self.rounds = rounds
        self.batches = batches
        self.first_subset = first_subset
        self.later_share = later_share
        self.pool_limit = pool_limit

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        from alharness_plugins.samplers.refine.filtering import filtered_pools
        from alharness_plugins.samplers.refine.strategies import ensemble_on

        ensemble = ensemble_on(pool)
        pools = filtered_pools(
            pool.n_unlabeled,
            budget,
            ensemble.strategies,
            rng,
            rounds=self.rounds,
            batches=self.batches,
            first_subset=self.first_subset,
            later_share=self.later_share,
            pool_limit=self.pool_limit,
        )
        self.notes = {"pools": ", ".join(str(len(one)) for one in pools[1:]), **ensemble.notes}
        last = pools[-1]
        return last[ensemble.cover(last, budget, rng)]


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "refine",
        Refine,
        summary="Uncertainty Herding on what rounds of nine strategies leave of the pool",
        citation="Huseljic, Herde, Rauch, Hahn and Sick, Cleaning the Pool: Progressive Filtering "
        "of Unlabeled Pools in Deep Active Learning, CVPR 2026 (arXiv:2511.22344)",
        requires="A task model whose last layer makes logits of its features, as all built-in "
        "ones have it.",
        cost="One forward pass over the pool and the labeled set, then 495 batches, of which the "
        "first 99, of 5 000 images, take longest: 3 x budget updates of the information, k-means, "
        "and twice their similarities to each other. A query of 100 of 9 000 images with 128 "
        "features, 10 classes and 1 000 labels takes 22 s on one thread of an AMD EPYC, of 50 000 "
        "images 23 s (tests/performance/test_refine.py); memory linear in the pool.",
        parameters=RefineParameters,
    )

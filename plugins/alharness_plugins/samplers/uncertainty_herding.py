"""Uncertainty Herding: images that cover the pool, what is uncertain counting most."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness import selection
from alharness_plugins.samplers.parts.features import TASK_MODEL, features_alone


class UncertaintyHerdingParameters(alharness.Parameters):
    """Parameters of ``uncertainty-herding``."""

    representation: str = Field(
        TASK_MODEL,
        description="Features that are covered: task-model, its penultimate ones; scenario, those "
        "that the scenario trains on; or any representation by name",
    )


class UncertaintyHerding(alharness.Sampler):
    """Greedily covers the pool in feature space, each image weighted by its uncertainty.

    Source: Bae et al. (2025), algorithm 1: similarity exp(-d² / σ²) of features of length one, σ
    being the smallest positive distance between labeled images; weights 1 - (p₁ - p₂) at the
    temperature, from 1.0 to 19.9, with the smallest calibration error, measured on the newest
    30 % of the labels by a model trained on the others. Different from there: of that model only
    the last layer is trained anew, by logistic regression with weight decay 5e-4 on the task
    model's features, which is the paper's where these are frozen; no image is left out, where the
    published code cuts the pool for the sake of an n x n matrix. Equal gains go to the lowest row.

    Asked before any training, by features that need none, it is MaxHerding: all weights and σ are
    1. A query notes ``temperature`` and ``width`` (σ).
    """

    def __init__(self, representation: str) -> None:
        self.needs = features_alone(representation)

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        unlabeled = selection.unit_rows(pool.representation("unlabeled"))
        labeled = selection.unit_rows(pool.representation("labeled"))
        width, weights = 1.0, None
        if pool.n_labeled > 0:
            order = selection.oldest_first(pool.labeled_in(), pool.numbers("labeled"))
            temperature = selection.held_out_temperature(
                pool.embeddings("labeled")[order], pool.labels()[order], pool.n_classes
            )
            width = selection.smallest_distance(labeled)
            weights = selection.margin_weights(pool.logits(), temperature)
            self.notes = {"temperature": temperature, "width": width}
        return selection.greedy_herding(unlabeled, labeled, budget, width=width, weights=weights)


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "uncertainty-herding",
        UncertaintyHerding,
        summary="Greedy cover of the pool, weighted by calibrated uncertainty",
        citation="Bae, Oliveira and Sutherland, Uncertainty Herding: One Active Learning Method "
        "for All Label Budgets, ICLR 2025",
        cost="One forward pass over the pool and the labeled set, a logistic regression on the "
        "labeled set, the pool's similarities to itself once (pool² x D operations), then those "
        "of some images for each pick; memory linear in the pool.",
        parameters=UncertaintyHerdingParameters,
    )

"""The strategies of Refine, asked about some rows of the pool at a time.

What they look at is read from the pool once; then each question is about the rows of one subset.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

import alharness
from alharness import selection
from alharness_plugins.samplers.refine.filtering import Rows, Strategy

_COPIES, _DROPOUT = 3, 0.75
"""Of DropQuery."""


class Ensemble(NamedTuple):
    """Strategies that filter a pool, and one that covers what they leave."""

    strategies: list[Strategy]
    cover: Strategy
    notes: dict[str, float]
    """What the cover adapts to the labels: ``temperature`` and ``width``."""


def ensemble_on(pool: alharness.Pool) -> Ensemble:
    """All nine strategies, of which Uncertainty Herding covers.

    Without labels the three that need no model, of which MaxHerding covers.
    """
    unlabeled, labeled = pool.representation("unlabeled"), pool.representation("labeled")
    typiclust = TypiClust(unlabeled, labeled)
    unlabeled, labeled = selection.unit_rows(unlabeled), selection.unit_rows(labeled)
    max_herding = Herding(unlabeled, labeled)
    if pool.n_labeled == 0:
        return Ensemble([_random, typiclust, max_herding], max_herding, {})
    order = selection.oldest_first(pool.labeled_in(), pool.numbers("labeled"))
    temperature = selection.held_out_temperature(
        pool.embeddings("labeled")[order], pool.labels()[order], pool.n_classes
    )
    width = selection.smallest_distance(labeled)
    weights = selection.margin_weights(pool.logits(), temperature)
    cover = Herding(unlabeled, labeled, width, weights)
    outputs = Outputs(pool)
    strategies: list[Strategy] = [
        _random,
        outputs.margin,
        outputs.badge,
        outputs.bait,
        typiclust,
        outputs.alfa_mix,
        outputs.dropquery,
        max_herding,
        cover,
    ]
    return Ensemble(strategies, cover, {"temperature": temperature, "width": width})


def _random(rows: Rows, budget: int, rng: np.random.Generator) -> Rows:
    return rng.choice(len(rows), budget, replace=False)


class Outputs:
    """Strategies on what the task model says of the pool and of the labeled images."""

    def __init__(self, pool: alharness.Pool) -> None:
        probabilities, labeled = pool.probabilities(), pool.embeddings("labeled")
        self._errors, self._embeddings = pool.gradient_factors()
        self._margins = selection.margins(probabilities).cpu().numpy()
        self._variance = selection.prediction_variance(probabilities)
        self._labeled = labeled, selection.prediction_variance(pool.probabilities("labeled"))
        self._anchors = selection.class_means(labeled, pool.labels(), pool.n_classes)
        self._head = pool.head()

    def margin(self, rows: Rows, budget: int, rng: np.random.Generator) -> Rows:
        """The smallest margins, equal ones by chance."""
        shuffled = rng.permutation(len(rows))
        return shuffled[np.argsort(self._margins[rows[shuffled]], kind="stable")[:budget]]

    def badge(self, rows: Rows, budget: int, rng: np.random.Generator) -> Rows:
        """D² sampling of the last layer's gradients."""
        return selection.d_squared_sampling(self._errors[rows], self._embeddings[rows], budget, rng)

    def bait(self, rows: Rows, budget: int, rng: np.random.Generator) -> Rows:
        """Fisher information of the predicted class against the rest."""
        unlabeled = self._embeddings[rows], self._variance[rows]
        return selection.greedy_fisher(unlabeled, self._labeled, budget)

    def alfa_mix(self, rows: Rows, budget: int, rng: np.random.Generator) -> Rows:
        """What flips when mixed with the mean of a class, clustered."""
        flips = selection.flipping_rows(
            self._embeddings[rows], self._anchors, self._head, budget, rng
        )
        return selection.filled(flips.picks, len(rows), budget, rng)

    def dropquery(self, rows: Rows, budget: int, rng: np.random.Generator) -> Rows:
        """What changes under dropout of features, clustered."""
        some = self._embeddings[rows]
        changed = selection.changed_predictions(some, self._head, _COPIES, _DROPOUT, rng)
        candidates = selection.inconsistent_rows(changed, budget)
        picks = selection.spread_rows(some, candidates, budget, rng)
        return selection.filled(picks, len(rows), budget, rng)


class TypiClust:
    """Typical rows of clusters with few labels, of features of any length."""

    def __init__(self, unlabeled: torch.Tensor, labeled: torch.Tensor) -> None:
        self._unlabeled, self._labeled = unlabeled, labeled

    def __call__(self, rows: Rows, budget: int, rng: np.random.Generator) -> Rows:
        return selection.typical_rows(self._unlabeled[rows], self._labeled, budget, rng)


class Herding:
    """Greedy cover of features of length one: MaxHerding, or by weights and width another one."""

    def __init__(
        self,
        unlabeled: torch.Tensor,
        labeled: torch.Tensor,
        width: float = 1.0,
        weights: torch.Tensor | None = None,
    ) -> None:
        self._unlabeled, self._labeled = unlabeled, labeled
        self._width = width
        self._weights = unlabeled.new_ones(len(unlabeled)) if weights is None else weights

    def __call__(self, rows: Rows, budget: int, rng: np.random.Generator) -> Rows:
        return selection.greedy_herding(
            self._unlabeled[rows],
            self._labeled,
            budget,
            width=self._width,
            weights=self._weights[rows],
        )

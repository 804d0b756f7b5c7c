"""Candidate batches: what ten strategies pick, two of which read true labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import one_hot

import alharness
from alharness import selection

LARGEST_SUBSET = 5000
"""Rows that a strategy is shown at most, and four times the budget at least (BoSS)."""

Strategy: TypeAlias = Callable[[torch.Tensor], NDArray[np.int64]]
"""Picks a batch among some rows of the pool, given as positions: positions among these."""


def batch(
    pool: alharness.Pool, budget: int, strategy: Strategy, rng: np.random.Generator
) -> torch.Tensor:
    """The batch that a strategy picks from a subset of the pool, as positions in the pool."""
    n = pool.n_unlabeled
    least = min(4 * budget, n)
    size = int(rng.integers(least, max(least, min(LARGEST_SUBSET, n)) + 1))
    rows = torch.from_numpy(rng.choice(n, size=size, replace=False)).to(pool.device)
    return rows[torch.from_numpy(strategy(rows)).to(pool.device)]


def strategies(
    pool: alharness.Pool, budget: int, rng: np.random.Generator
) -> Mapping[str, Strategy]:
    """The strategies by name; each picks ``budget`` rows of those that it is given."""
    features, known = pool.embeddings(), pool.embeddings("labeled")
    probabilities = pool.probabilities()
    errors = pool.gradient_factors().errors
    information, known_information = (
        selection.prediction_variance(pool.probabilities(subset))
        for subset in ("unlabeled", "labeled")
    )
    unit, known_unit = selection.unit_rows(features), selection.unit_rows(known)
    width, weights = selection.smallest_distance(known_unit), _herding_weights(pool)
    truth = pool.hidden_labels()
    wrong = probabilities.argmax(dim=1) != truth

    def at_random(rows: torch.Tensor) -> NDArray[np.int64]:
        return rng.choice(len(rows), size=budget, replace=False)

    def margin(rows: torch.Tensor) -> NDArray[np.int64]:
        return np.asarray(selection.margins(probabilities[rows]).argsort()[:budget].cpu())

    def badge(rows: torch.Tensor) -> NDArray[np.int64]:
        return selection.d_squared_sampling(errors[rows], features[rows], budget, rng)

    def bait(rows: torch.Tensor) -> NDArray[np.int64]:
        shown = features[rows], information[rows]
        return selection.greedy_fisher(shown, (known, known_information), budget)

    def k_means(rows: torch.Tensor) -> NDArray[np.int64]:
        shown = features[rows]
        picks = selection.nearest_to_centers(shown, selection.k_means(shown, budget, rng))
        return selection.filled(picks, len(rows), budget, rng)

    def typiclust(rows: torch.Tensor) -> NDArray[np.int64]:
        return selection.typical_rows(features[rows], known, budget, rng)

    def max_herding(rows: torch.Tensor) -> NDArray[np.int64]:
        return selection.greedy_herding(unit[rows], known_unit, budget)

    def uncertainty_herding(rows: torch.Tensor) -> NDArray[np.int64]:
        return selection.greedy_herding(
            unit[rows], known_unit, budget, width=width, weights=weights[rows]
        )

    def balanced(rows: torch.Tensor) -> NDArray[np.int64]:
        """Every class in turn: equal numbers, as far as the rows have them."""
        chance = rng.permutation(len(rows))
        of_class = one_hot(truth[rows[torch.from_numpy(chance).to(rows.device)]], pool.n_classes)
        turn = (of_class.cumsum(dim=0) * of_class).sum(dim=1).cpu().numpy()
        return chance[np.argsort(turn, kind="stable")[:budget]]

    def mistaken(rows: torch.Tensor) -> NDArray[np.int64]:
        chance = rng.permutation(len(rows))
        right = ~wrong[rows].cpu().numpy()[chance]
        return chance[np.argsort(right, kind="stable")[:budget]]

    return {
        "random": at_random,
        "margin": margin,
        "badge": badge,
        "bait": bait,
        "k-means": k_means,
        "typiclust": typiclust,
        "max-herding": max_herding,
        "uncertainty-herding": uncertainty_herding,
        "balanced": balanced,
        "mistaken": mistaken,
    }


def _herding_weights(pool: alharness.Pool) -> torch.Tensor:
    """Those of Uncertainty Herding, at a temperature by the newest labels, (n,)."""
    order = selection.oldest_first(pool.labeled_in(), pool.numbers("labeled"))
    temperature = selection.held_out_temperature(
        pool.embeddings("labeled")[order], pool.labels()[order], pool.n_classes
    )
    return selection.margin_weights(pool.logits(), temperature)

"""Best of many batches by what they truly gain: an upper bound that sees the hidden labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch.nn.functional import one_hot

import alharness
from alharness import selection

LARGEST_SUBSET = 5000
"""Rows that a strategy is shown at most, and four times the budget at least (BoSS)."""

Strategy: TypeAlias = Callable[[torch.Tensor], NDArray[np.int64]]
"""Picks a batch among some rows of the pool, given as positions: positions among these."""


class OracleBestOfParameters(alharness.Parameters):
    """Parameters of ``oracle-best-of``."""

    batches: int = Field(100, ge=2, description="Candidate batches, of which the best is picked")


class OracleBestOf(alharness.Sampler):
    """Picks, of many candidate batches, the one whose labels gain most. Not a method: it cheats.

    Source: the oracle of BoSS (arXiv 2603.13109). Each candidate is what a strategy, drawn
    uniformly, picks from a uniform subset of the pool, of a size drawn uniformly from four times
    the budget to 5000. With its true labels a last layer is trained on the task model's features,
    and the candidate with the most right answers on held-out images wins; chance decides ties.

    Different from there: right answers are counted on images that the suite holds out of every
    pool before cycle 0, never on test images; the layer is trained to its minimum, by logistic
    regression with weight decay 5e-4; the strategies are random, margin, BADGE, BAIT, k-means,
    TypiClust, MaxHerding, Uncertainty Herding, and two that read true labels: equal numbers of
    every class, and images that the task model gets wrong. It looks one batch ahead, and finds no
    better batch than it tries: no bound is proven. A query notes the ``strategy`` that won, the
    share of right answers ``before`` and ``after`` (of the winner, seen too well by up to
    ``optimism``), and how many images were ``held_out``.
    """

    needs = alharness.Needs(sees_labels=True, held_out=1)

    def __init__(self, batches: int) -> None:
        self.batches = batches

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        strategies = _strategies(pool, budget, rng)
        drawn = rng.choice(list(strategies), size=self.batches)
        batches = [_candidate(pool, budget, strategies[name], rng) for name in drawn]
        features, truth = pool.embeddings(), pool.hidden_labels()
        held_out = pool.hidden_labels("held-out")
        right = selection.right_answers(
            selection.Labeled(pool.embeddings("labeled"), pool.labels()),
            (selection.Labeled(features[batch], truth[batch]) for batch in batches),
            selection.Labeled(pool.embeddings("held-out"), held_out),
            pool.n_classes,
        )
        winner = int(rng.choice(np.flatnonzero(right[1:] == right[1:].max())))
        before, after = float(right[0]) / len(held_out), float(right[1 + winner]) / len(held_out)
        self.notes = {
            "strategy": str(drawn[winner]),
            "before": before,
            "after": after,
            "optimism": selection.optimism(self.batches, after, len(held_out)),
            "held_out": len(held_out),
        }
        return batches[winner].cpu().numpy()


def _candidate(
    pool: alharness.Pool, budget: int, strategy: Strategy, rng: np.random.Generator
) -> torch.Tensor:
    """The batch that a strategy picks from a subset of the pool, as positions in the pool."""
    n = pool.n_unlabeled
    least = min(4 * budget, n)
    size = int(rng.integers(least, max(least, min(LARGEST_SUBSET, n)) + 1))
    rows = torch.from_numpy(rng.choice(n, size=size, replace=False)).to(pool.device)
    return rows[torch.from_numpy(strategy(rows)).to(pool.device)]


def _strategies(
    pool: alharness.Pool, budget: int, rng: np.random.Generator
) -> Mapping[str, Strategy]:
    features, known = pool.embeddings(), pool.embeddings("labeled")
    probabilities = pool.probabilities()
    errors = pool.gradient_factors().errors
    information, known_information = (
        _uncertainty(pool.probabilities(subset)) for subset in ("unlabeled", "labeled")
    )
    unit, known_unit = selection.unit_rows(features), selection.unit_rows(known)
    width, weights = selection.smallest_distance(known_unit), _herding_weights(pool)
    truth = pool.hidden_labels()
    wrong = probabilities.argmax(dim=1) != truth

    def at_random(rows: torch.Tensor) -> NDArray[np.int64]:
        return rng.choice(len(rows), size=budget, replace=False)

    def margin(rows: torch.Tensor) -> NDArray[np.int64]:
        first, second = probabilities[rows].topk(2, dim=1).values.T
        return np.asarray((first - second).argsort()[:budget].cpu())

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


def _uncertainty(probabilities: torch.Tensor) -> torch.Tensor:
    """p(1 - p) of the likeliest class, (n,)."""
    likeliest = probabilities.amax(dim=1)
    return likeliest * (1 - likeliest)


def _herding_weights(pool: alharness.Pool) -> torch.Tensor:
    """Those of Uncertainty Herding, at a temperature by the newest labels, (n,)."""
    order = np.lexsort((pool.numbers("labeled").cpu(), pool.labeled_in().cpu()))
    temperature = selection.held_out_temperature(
        pool.embeddings("labeled")[order], pool.labels()[order], pool.n_classes
    )
    return selection.margin_weights(pool.logits(), temperature)


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "oracle-best-of",
        OracleBestOf,
        summary="Upper bound: the best of many candidate batches by their true labels' gain",
        citation="BoSS: a best-of-strategies selector as an oracle for deep active learning, "
        "arXiv 2603.13109, 2026",
        cost="One forward pass over pool, labeled set and held-out images; for each candidate a "
        "batch selection among up to 5000 images and a logistic regression on the labeled set "
        "with the batch; memory linear in the pool.",
        requires="A suite that holds images out of every pool (protocol.held_out; 2000 or more "
        "tell batches apart by a point or two).",
        parameters=OracleBestOfParameters,
    )

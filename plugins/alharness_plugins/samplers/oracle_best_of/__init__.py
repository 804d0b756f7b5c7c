"""Best of many batches by what they truly gain: an upper bound that sees the hidden labels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness import selection


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
        # Imported here: the module is loaded to list plugins, without torch.
        from alharness_plugins.samplers.oracle_best_of import candidates

        strategies = candidates.strategies(pool, budget, rng)
        drawn = rng.choice(list(strategies), size=self.batches)
        batches = [candidates.batch(pool, budget, strategies[name], rng) for name in drawn]
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


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "oracle-best-of",
        OracleBestOf,
        summary="Upper bound: the best of many candidate batches by their true labels' gain",
        citation="BoSS: A Best-of-Strategies Selector as an Oracle for Deep Active Learning, 2026 "
        "(arXiv:2603.13109)",
        cost="One forward pass over pool, labeled set and held-out images; for each candidate a "
        "batch selection among up to 5000 images and a logistic regression on the labeled set "
        "with the batch; memory linear in the pool.",
        requires="A suite that holds images out of every pool (protocol.held_out; 2000 or more "
        "tell batches apart by a point or two).",
        parameters=OracleBestOfParameters,
    )

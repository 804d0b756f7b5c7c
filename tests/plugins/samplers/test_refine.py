"""Refine. Independent sources: the published loop, written out, in which each of the nine samplers
that are plugins of their own is asked with a pool that holds nothing but a subset's images;
Uncertainty Herding's own query.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from alharness_plugins.samplers.refine import Refine, RefineParameters
from alharness_plugins.samplers.refine.filtering import filtered_pools

from alharness import GradientFactors
from alharness.testing.pools import Pools

ON_FEATURES = ("typiclust", "max-herding", "uncertainty-herding")
ALL = (
    *("random", "margin", "badge", "bait", "typiclust", "alfa-mix", "dropquery"),
    *("max-herding", "uncertainty-herding"),
)
WITHOUT_MODEL = ("random", "typiclust", "max-herding")


class Part:
    """The pool as it would be if only some of its unlabeled images were there."""

    def __init__(self, pool: Any, rows: np.ndarray) -> None:
        self._pool, self._rows = pool, rows
        self.n_unlabeled = len(rows)

    def __getattr__(self, name: str) -> Any:
        given = getattr(self._pool, name)
        if name not in ("logits", "probabilities", "embeddings", "representation", "numbers"):
            return given
        return lambda of="unlabeled": given(of)[self._rows] if of == "unlabeled" else given(of)

    def gradient_factors(self) -> GradientFactors:
        return GradientFactors(*(factor[self._rows] for factor in self._pool.gradient_factors()))


def refine(**parameters: Any) -> Refine:
    return Refine(**RefineParameters(**parameters).model_dump())


def as_published(
    pool: Any, budget: int, names: tuple[str, ...], create: Callable[..., Any], **given: Any
) -> tuple[np.ndarray, list[int]]:
    """What is picked, and how many images each round leaves."""
    rng, sizes = np.random.default_rng(0), []
    on = given["representation"]
    named = {name: {"representation": on} if name in ON_FEATURES else {} for name in names}

    def picked(name: str, rows: np.ndarray) -> np.ndarray:
        sampler = create("sampler", name, **named[name])
        return rows[sampler.query(Part(pool, rows), budget, rng)]

    left, n_subset = np.arange(pool.n_unlabeled), given["first_subset"]
    for _ in range(given["rounds"]):
        union: set[int] = set()
        for name in names:
            for _ in range(given["batches"] // len(names)):
                subset = rng.choice(left, min(n_subset, len(left)), replace=False)
                union |= set(picked(name, subset).tolist())
        left = np.array(sorted(union))
        if len(left) > given["pool_limit"]:
            left = rng.choice(left, given["pool_limit"], replace=False)
        n_subset = max(budget, int(given["later_share"] * len(left)))
        sizes.append(len(left))
    return picked(names[-1], left), sizes


@pytest.mark.parametrize("pool_limit", [120, 10_000])
def test_each_batch_is_what_a_sampler_picks_of_a_subset(
    create: Callable[..., Any], pool_limit: int
) -> None:
    """The first round leaves more than 120 images, in a part of the cases too many."""
    given = {
        "representation": "task-model",
        "rounds": 4,
        "batches": 20,
        "first_subset": 300,
        "later_share": 0.3,
        "pool_limit": pool_limit,
    }
    sampler = refine(**given)
    pool = Pools(sampler.needs).ordinary(700)
    picks = sampler.query(pool, 15, np.random.default_rng(0))
    expected, sizes = as_published(pool, 15, ALL, create, **given)
    assert picks.tolist() == expected.tolist()
    assert sampler.notes["pools"] == ", ".join(map(str, sizes))
    assert (sizes[0] == 120) == (pool_limit == 120)


def test_before_any_training_three_strategies_filter(create: Callable[..., Any]) -> None:
    given = {
        "representation": "raw",
        "rounds": 2,
        "batches": 10,
        "first_subset": 100,
        "later_share": 0.4,
        "pool_limit": 10_000,
    }
    sampler = refine(**given)
    assert not sampler.needs.model
    assert refine().needs.model
    pool = Pools(sampler.needs).before_training(300)
    picks = sampler.query(pool, 15, np.random.default_rng(0))
    expected, sizes = as_published(pool, 15, WITHOUT_MODEL, create, **given)
    assert picks.tolist() == expected.tolist()
    assert sampler.notes == {"pools": ", ".join(map(str, sizes))}


def test_without_rounds_it_is_uncertainty_herding(create: Callable[..., Any]) -> None:
    sampler = refine(rounds=0)
    herding = create("sampler", "uncertainty-herding")
    pool = Pools(sampler.needs).ordinary()
    picks, expected = (one.query(pool, 30, np.random.default_rng(0)) for one in (sampler, herding))
    assert picks.tolist() == expected.tolist()
    assert sampler.notes == {"pools": "", **herding.notes}


class Asked:
    """A strategy that prefers low positions in the whole pool, and remembers what it was asked."""

    def __init__(self) -> None:
        self.subsets: list[list[int]] = []

    def __call__(self, rows: np.ndarray, budget: int, rng: np.random.Generator) -> np.ndarray:
        self.subsets.append(rows.tolist())
        return rows.argsort()[:budget]


def test_pools_are_nested_and_subsets_are_drawn_anew() -> None:
    strategies = [Asked() for _ in range(3)]
    pools = filtered_pools(
        1000,
        20,
        strategies,
        np.random.default_rng(0),
        rounds=4,
        batches=11,
        first_subset=200,
        later_share=0.4,
        pool_limit=90,
    )
    assert pools[0].tolist() == list(range(1000))
    assert len(pools) == 5
    for number, (pool, left) in enumerate(itertools.pairwise(pools)):
        subsets = [
            subset for one in strategies for subset in one.subsets[3 * number : 3 * number + 3]
        ]
        assert {len(set(subset)) for subset in subsets} == {
            max(20, int(0.4 * len(pool))) if number else 200
        }
        assert len(set(map(frozenset, subsets))) == 9
        assert set().union(*subsets) <= set(pool.tolist())
        union = set().union(*(sorted(subset)[:20] for subset in subsets))
        assert len(left) == len(set(left.tolist())) == min(len(union), 90)
        assert set(left.tolist()) <= union <= set(pool.tolist())
    assert [len(one.subsets) for one in strategies] == [12, 12, 12]
    assert len(pools[1]) == 90 > len(pools[-1]), "a limit that is met, and pools that shrink"


def test_subsets_are_uniform() -> None:
    """In a round of 2 000 subsets of 30, each of 60 images is in 1 000 or so."""
    asked = Asked()
    filtered_pools(
        60,
        5,
        [asked],
        np.random.default_rng(0),
        rounds=1,
        batches=2000,
        first_subset=30,
        later_share=0.4,
        pool_limit=100,
    )
    counts = np.bincount(np.concatenate(asked.subsets), minlength=60)
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(2000 / 4)


@pytest.mark.parametrize("budget", [40, 203])
def test_no_pool_and_no_subset_is_smaller_than_the_query(budget: int) -> None:
    sampler = refine(rounds=2, batches=9, first_subset=10, later_share=0.01, pool_limit=10)
    picks = sampler.query(Pools(sampler.needs).ordinary(203), budget, np.random.default_rng(0))
    assert len(set(picks.tolist())) == budget
    assert sampler.notes["pools"] == f"{budget}, {budget}"

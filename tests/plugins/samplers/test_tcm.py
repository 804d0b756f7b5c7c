"""TCM. Independent sources: the two samplers that it is made of, and margins by sorting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest


def pools(feature_pool: Any, blobs: Any, cycle: int, n_labeled: int = 20) -> Any:
    rng = np.random.default_rng(0)
    rows, _ = blobs(rng, [60, 50, 40])
    probabilities = rng.dirichlet(np.ones(4), size=150 - n_labeled)
    pool = feature_pool(
        rows[n_labeled:],
        rows[:n_labeled],
        cycle=cycle,
        probabilities={"unlabeled": probabilities},
    )
    return pool, probabilities


@pytest.mark.parametrize("cycle", range(6))
@pytest.mark.parametrize("switch", [0, 3, 5])
def test_the_cycle_decides(
    create: Any, feature_pool: Any, blobs: Any, cycle: int, switch: int
) -> None:
    pool, probabilities = pools(feature_pool, blobs, cycle)
    sampler = create("sampler", "tcm", typical_queries=switch)
    picks = sampler.query(pool, 12, np.random.default_rng(1)).tolist()
    if cycle < switch:
        typiclust = create("sampler", "typiclust")
        assert picks == typiclust.query(pool, 12, np.random.default_rng(1)).tolist()
    else:
        ordered = np.sort(probabilities, axis=1)
        margins = ordered[:, -1] - ordered[:, -2]
        assert picks == np.argsort(margins)[:12].tolist()


def test_three_queries_by_default(create: Any, feature_pool: Any, blobs: Any) -> None:
    noted = []
    for cycle in range(5):
        sampler = create("sampler", "tcm")
        sampler.query(pools(feature_pool, blobs, cycle)[0], 3, np.random.default_rng(0))
        noted.append(sampler.notes["picks"])
    assert noted == ["typical"] * 3 + ["smallest margins"] * 2


def test_an_initial_set_is_chosen_by_typicality(create: Any, feature_pool: Any, blobs: Any) -> None:
    """Even where no query of a cycle is: before any training there are no margins."""
    rows, of = blobs(np.random.default_rng(0), [60, 50, 40], apart=40)
    sampler = create("sampler", "tcm", typical_queries=0)
    assert not sampler.needs.model
    picks = sampler.query(feature_pool(rows), 3, np.random.default_rng(0))
    assert sorted(of[picks]) == [0, 1, 2]

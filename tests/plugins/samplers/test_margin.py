"""Margin sampling. Traps: acquisition upside down, ties decided by row order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from alharness_plugins.samplers.margin import Margin


def test_smallest_margin_first(array_pool: Any) -> None:
    probabilities = np.array(
        [[0.9, 0.05, 0.05], [0.5, 0.5, 0.0], [0.2, 0.45, 0.35], [0.4, 0.3, 0.3]]
    )
    pool = array_pool(4, probabilities=probabilities)
    assert Margin().scores(pool).tolist() == pytest.approx([-0.85, 0.0, -0.1, -0.1])
    picks = Margin().query(pool, 1, np.random.default_rng(0))
    assert picks.tolist() == [1]


def test_scores_equal_a_full_sort(array_pool: Any) -> None:
    """Independent source: the definition by a full sort in NumPy."""
    probabilities = np.random.default_rng(0).dirichlet(np.ones(10), size=200).astype(np.float32)
    ordered = np.sort(probabilities, axis=1)
    pool = array_pool(200, probabilities=probabilities)
    assert np.array_equal(Margin().scores(pool).numpy(), ordered[:, -2] - ordered[:, -1])
    picks = Margin().query(pool, 30, np.random.default_rng(1))
    expected = np.argsort(ordered[:, -1] - ordered[:, -2])[:30]
    assert set(picks.tolist()) == set(expected.tolist())


def test_ties_are_drawn_with_the_generator(array_pool: Any) -> None:
    pool = array_pool(40, probabilities=np.full((40, 2), 0.5))
    sampler = Margin()
    drawn = {tuple(sampler.query(pool, 5, np.random.default_rng(seed))) for seed in range(8)}
    assert len(drawn) == 8
    assert sampler.share_of_ties == 1.0


def test_two_classes_saturated(array_pool: Any) -> None:
    pool = array_pool(3, probabilities=np.array([[1.0, 0.0], [0.6, 0.4], [0.0, 1.0]]))
    assert Margin().query(pool, 1, np.random.default_rng(0)).tolist() == [1]

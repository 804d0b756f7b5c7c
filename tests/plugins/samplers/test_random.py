"""Random sampling. Traps: drawing with replacement, index spaces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from alharness_plugins.samplers.random import Random
from scipy.stats import chisquare


@pytest.mark.parametrize("budget", [1, 37, 100])
def test_positions_are_distinct_and_in_range(array_pool: Any, budget: int) -> None:
    picks = Random().query(array_pool(100), budget, np.random.default_rng(0))
    assert picks.shape == (budget,)
    assert len(set(picks.tolist())) == budget
    assert picks.min() >= 0
    assert picks.max() < 100


def test_every_position_is_equally_likely(array_pool: Any) -> None:
    """Independent source: Pearson's chi-square, on first picks, whose draws are independent."""
    rng = np.random.default_rng(1)
    pool = array_pool(20)
    counts = np.bincount([Random().query(pool, 1, rng)[0] for _ in range(4000)], minlength=20)
    assert chisquare(counts).pvalue > 1e-3


def test_every_pair_is_equally_likely(array_pool: Any) -> None:
    rng = np.random.default_rng(2)
    pool = array_pool(5)
    pairs = [tuple(sorted(Random().query(pool, 2, rng).tolist())) for _ in range(4000)]
    names, counts = np.unique(pairs, axis=0, return_counts=True)
    assert len(names) == 10
    assert chisquare(counts).pvalue > 1e-3


def test_same_generator_same_picks_and_global_state_untouched(array_pool: Any) -> None:
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    first = Random().query(array_pool(50), 9, np.random.default_rng(3))
    second = Random().query(array_pool(50), 9, np.random.default_rng(3))
    assert first.tolist() == second.tolist()
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002

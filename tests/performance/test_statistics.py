"""What grows with the square of the number of methods, and what is drawn thousands of times.

``pytest tests/performance/test_statistics.py -n 0 --benchmark-enable`` measures all of it on
200 methods with 25 initial sets and one seed: 19 900 pairs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from alharness.statistics import bootstrap_interval, ranks, saving_intervals, win_matrix

LABELS = (10, 20, 40, 80, 160, 320, 640)


@pytest.fixture(scope="module")
def methods() -> dict[str, np.ndarray]:
    """Accuracies at seven cycles, (25, 1, 7)."""
    rng = np.random.default_rng(0)
    base = 0.5 + 0.05 * np.arange(7) + rng.normal(0, 0.02, (25, 1, 1))
    return {f"m{k}": base + rng.normal(k / 1e4, 0.01, (25, 1, 7)) for k in range(200)}


def test_ranks(benchmark: Any, methods: dict[str, np.ndarray]) -> None:
    found = benchmark(ranks, {name: runs.mean(axis=-1) for name, runs in methods.items()})
    assert found.n_pairs == 19_900


def test_win_matrix_of_six_budgets(benchmark: Any, methods: dict[str, np.ndarray]) -> None:
    found = benchmark(win_matrix, {name: runs[..., 1:] for name, runs in methods.items()})
    assert found.wins.shape == (200, 200)


def test_intervals_of_label_saving(benchmark: Any, methods: dict[str, np.ndarray]) -> None:
    def intervals() -> object:
        rng = np.random.default_rng(0)
        return saving_intervals(methods["m1"], methods["m0"], LABELS, rng)

    assert len(benchmark(intervals)) == 7


def test_bootstrap_of_25_runs(benchmark: Any) -> None:
    method, reference = np.random.default_rng(0).normal(0.7, 0.01, (2, 5, 5))

    def interval() -> object:
        return bootstrap_interval(method, reference, np.random.default_rng(0))

    assert benchmark(interval) is not None

"""Greedy k-center against the plain float32 loop, the fastest way known.

The full size: ``ALHARNESS_FULL=1 pytest tests/performance/test_k_center.py
-n 0 --benchmark-enable``; the ratio is in the benchmark's extra info.
"""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
import torch

from alharness.selection import greedy_k_center

FULL = "ALHARNESS_FULL" in os.environ
N, N_LABELED, WIDTH, BUDGET = (10_000, 1_000, 512, 500) if FULL else (3_000, 300, 256, 150)


def plain_loop(unlabeled: np.ndarray, labeled: np.ndarray, budget: int) -> np.ndarray:
    """Keeps float32 minimum distances and updates them after each pick."""
    norms = np.einsum("ij,ij->i", unlabeled, unlabeled)
    distance = np.full(len(unlabeled), np.inf, dtype=np.float32)
    for start in range(0, len(labeled), 500):
        part = labeled[start : start + 500]
        products = unlabeled @ part.T
        some = norms[:, None] + np.einsum("ij,ij->i", part, part) - 2 * products
        np.minimum(distance, some.min(axis=1), out=distance)
    picks = np.empty(budget, dtype=np.int64)
    for number in range(budget):
        pick = picks[number] = distance.argmax()
        to_pick = norms + norms[pick] - 2 * (unlabeled @ unlabeled[pick])
        np.minimum(distance, to_pick, out=distance)
        distance[pick] = -np.inf
    return picks


def test_time_against_the_plain_loop(benchmark: Any) -> None:
    rows = np.random.default_rng(0).standard_normal((N + N_LABELED, WIDTH), dtype=np.float32)
    labeled, unlabeled = rows[:N_LABELED], rows[N_LABELED:]
    arguments = (torch.from_numpy(unlabeled), torch.from_numpy(labeled), BUDGET)
    # Alternating runs, so that both meet the same load of the machine.
    ours, plain = [], []
    for _ in range(7 if benchmark.enabled else 1):
        start = time.perf_counter()
        expected = plain_loop(unlabeled, labeled, BUDGET)
        plain.append(time.perf_counter() - start)
        # NumPy's threads spin for a while after a product and would slow torch's.
        time.sleep(0.2 if benchmark.enabled else 0.0)
        start = time.perf_counter()
        greedy_k_center(*arguments)
        ours.append(time.perf_counter() - start)
    picks = benchmark.pedantic(greedy_k_center, arguments, rounds=3, warmup_rounds=1)
    benchmark.extra_info["plain loop (s)"] = min(plain)
    benchmark.extra_info["speed-up"] = min(plain) / min(ours)
    # Rows this far apart have no ties within float32 rounding.
    assert picks.tolist() == expected.tolist()

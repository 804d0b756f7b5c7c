"""BADGE's D² sampling against a loop in NumPy that updates factored distances after each pick.

Both alternate in one run, so that they meet the same load of the machine; the ratio of the medians
is in the benchmark's extra info. Full size: ``ALHARNESS_FULL=1 OMP_NUM_THREADS=2 pytest -n 0
tests/performance/test_badge.py --benchmark-enable -s``; one thread is what a query has.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from alharness.selection import d_squared_sampling

FULL = "ALHARNESS_FULL" in os.environ
SIZES = [(10_000, 512, 10, 500), (20_000, 768, 100, 500)] if FULL else [(3_000, 256, 10, 150)]
"""Unlabeled rows, features, classes, budget."""
SECONDS = 8.0
"""How long runs alternate, once each at least."""


def numpy_loop(errors: np.ndarray, embeddings: np.ndarray, budget: int, seed: int) -> np.ndarray:
    """Factored, float32: a product of all rows with the pick after each one."""
    rng = np.random.default_rng(seed)
    norms = np.einsum("ij,ij->i", errors, errors) * np.einsum("ij,ij->i", embeddings, embeddings)
    picks = np.empty(budget, dtype=np.int64)
    pick = picks[0] = norms.argmax()
    nearest = np.full(len(errors), np.inf, dtype=np.float32)
    for number in range(1, budget):
        products = (errors @ errors[pick]) * (embeddings @ embeddings[pick])
        np.minimum(nearest, np.maximum(norms + norms[pick] - 2 * products, 0), out=nearest)
        nearest[picks[:number]] = 0
        cumulative = nearest.cumsum(dtype=np.float64)
        pick = cumulative.searchsorted(rng.random() * cumulative[-1], side="right")
        picks[number] = pick
    return picks


def timed(function: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = function(*arguments)
    return time.perf_counter() - start, answer


def clustered(n: int, width: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Features in clusters, rectified, and outputs of a linear layer on them."""
    rng = np.random.default_rng(0)
    middle = rng.standard_normal((n_classes, width), dtype=np.float32)
    rows = middle[rng.integers(n_classes, size=n)]
    rows = np.maximum(rows + rng.standard_normal((n, width), dtype=np.float32), 0)
    logits = torch.from_numpy(rows @ middle.T / width**0.5)
    p = logits.softmax(dim=1).numpy()
    return p - np.eye(n_classes, dtype=np.float32)[p.argmax(axis=1)], rows


@pytest.mark.timeout(900)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_time_against_a_numpy_loop(benchmark: Any, size: Any) -> None:
    n, width, n_classes, budget = size
    errors, rows = clustered(n, width, n_classes)
    tensors = torch.from_numpy(errors), torch.from_numpy(rows)
    seconds = []
    end = time.perf_counter() + (SECONDS if benchmark.enabled else 0.0)
    while not seconds or time.perf_counter() < end:
        loop, theirs = timed(numpy_loop, errors, rows, budget, len(seconds))
        # NumPy's threads spin for a while after a product and would slow torch's.
        time.sleep(0.2 if benchmark.enabled else 0.0)
        rng = np.random.default_rng(len(seconds))
        ours, picks = timed(d_squared_sampling, *tensors, budget, rng)
        seconds.append((loop, ours))
        assert len(set(picks.tolist())) == budget == len(set(theirs.tolist()))
        assert picks[0] == theirs[0]
    benchmark.pedantic(d_squared_sampling, (*tensors, budget, np.random.default_rng(0)), rounds=1)
    loop, ours = np.array(seconds).T
    benchmark.extra_info |= {
        "loop (s)": round(float(np.median(loop)), 3),
        "ours (s)": round(float(np.median(ours)), 3),
        "loop / ours": round(float(np.median(loop / ours)), 2),
    }
    print(size, dict(benchmark.extra_info))
    if FULL and benchmark.enabled:
        assert np.median(ours) <= np.median(loop)

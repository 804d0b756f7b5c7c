"""TypiClust against the structure of its authors' code, which alternates with ours in one run.

Full size: ``ALHARNESS_FULL=1 OMP_NUM_THREADS=1 pytest -n 0 tests/performance/test_typiclust.py
--benchmark-enable -s``; one thread is what a query has.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from sklearn.cluster import MiniBatchKMeans

from alharness import selection

FULL = "ALHARNESS_FULL" in os.environ
SIZES = [(10_000, 1_000, 500, 512)] if FULL else [(2_000, 200, 100, 128)]
"""Unlabeled rows, labeled rows, budget, features."""
SECONDS = 20.0
"""How long both alternate, once each at least."""
AT_LEAST = 3.0
"""Times as fast as the reference, at full size."""


def as_published(unlabeled: np.ndarray, labeled: np.ndarray, budget: int) -> np.ndarray:
    """Mini-batch k-means by scikit-learn, then each pick's neighbors sorted anew."""
    rows = np.concatenate([labeled, unlabeled])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    k = min(len(labeled) + budget, 500)
    of = MiniBatchKMeans(k, batch_size=5000, random_state=0).fit_predict(rows)
    known = np.bincount(of[: len(labeled)], minlength=k)
    sizes = np.bincount(of, minlength=k)
    clusters = [c for c in np.lexsort([-sizes, known]) if sizes[c] > 5]
    of[: len(labeled)] = -1
    picks = np.empty(budget, dtype=np.int64)
    for number in range(budget):
        members = np.flatnonzero(of == clusters[number % len(clusters)])
        distances = np.sort(cdist(rows[members], rows[members], "sqeuclidean"), axis=1)
        near = distances[:, 1 : min(20, len(members) // 2) + 1]
        picks[number] = members[(1 / (near.mean(axis=1) + 1e-5)).argmax()]
        of[picks[number]] = -1
    return picks - len(labeled)


def clustered(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    """Ten clusters, rectified: what features of networks are like."""
    middle = rng.standard_normal((10, width), dtype=np.float32)[rng.integers(10, size=n)]
    middle += rng.standard_normal((n, width), dtype=np.float32)
    return np.maximum(middle, 0, out=middle)


def timed(function: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = function(*arguments)
    return time.perf_counter() - start, answer


@pytest.mark.timeout(900)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_time_against_the_published_structure(benchmark: Any, size: Any) -> None:
    n, n_labeled, budget, width = size
    rows = clustered(np.random.default_rng(0), n_labeled + n, width)
    labeled, unlabeled = rows[:n_labeled], rows[n_labeled:]
    arguments = (torch.from_numpy(unlabeled), torch.from_numpy(labeled), budget)

    def ours() -> np.ndarray:
        return selection.typical_rows(*arguments, np.random.default_rng(0))

    seconds = []
    end = time.perf_counter() + (SECONDS if benchmark.enabled else 0.0)
    while not seconds or time.perf_counter() < end:
        reference, theirs = timed(as_published, unlabeled, labeled, budget)
        # NumPy's threads spin for a while after a product and would slow torch's.
        time.sleep(0.2 if benchmark.enabled else 0.0)
        own, picks = timed(ours)
        seconds.append((reference, own))
    benchmark.pedantic(ours, rounds=1)
    reference, own = np.array(seconds).T
    ratio = float(np.median(reference / own))
    benchmark.extra_info |= {
        "reference (s)": round(float(np.median(reference)), 3),
        "ours (s)": round(float(np.median(own)), 3),
        "reference / ours": round(ratio, 2),
    }
    print(size, dict(benchmark.extra_info))
    assert len(set(picks)) == len(set(theirs)) == budget
    assert ratio >= (AT_LEAST if FULL and benchmark.enabled else 0.0)

"""Greedy k-center against the plain float32 loop and against the products of all pairs alone.

Everything alternates in one run, so that all meet the same load of the machine; the ratios are in
the benchmarks' extra info. Full size: ``ALHARNESS_FULL=1 OMP_NUM_THREADS=2 pytest -n 0
tests/performance/test_k_center.py --benchmark-enable -s``; one thread is what a query has.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from alharness.selection import greedy_k_center

FULL = "ALHARNESS_FULL" in os.environ
SIZES = (
    [(10_000, 1_000, 500, 512), (40_000, 5_000, 5_000, 512)] if FULL else [(3_000, 300, 150, 256)]
)
"""Unlabeled rows, labeled rows, budget, features."""
SECONDS = 8.0
"""How long runs alternate, once each at least."""


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


def products_alone(unlabeled: torch.Tensor, labeled: torch.Tensor, budget: int) -> None:
    """Of all rows with as many centers as there are in the end, in blocks that suit the machine."""
    for centers in torch.cat([labeled, unlabeled[:budget]]).split(512):
        for rows in unlabeled.split(2048):
            rows @ centers.T


def clustered(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    """Ten clusters, rectified: what features of networks are like."""
    middle = rng.standard_normal((10, width), dtype=np.float32)[rng.integers(10, size=n)]
    middle += rng.standard_normal((n, width), dtype=np.float32)
    return np.maximum(middle, 0, out=middle)


def noise(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    return rng.standard_normal((n, width), dtype=np.float32)


def duplicates(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    """Each row of clustered features four times, on average."""
    return clustered(rng, n // 4, width)[rng.integers(n // 4, size=n)]


def few_distinct(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    """Fewer than the budget."""
    return clustered(rng, 100, width)[rng.integers(100, size=n)]


def integers(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    """Counts: squared distances are whole numbers, many of them equal."""
    return rng.integers(0, 4, size=(n, width)).astype(np.float32)


def one_hot(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    """Three of the features are one: hardly two distances differ."""
    rows = np.zeros((n, width), dtype=np.float32)
    np.put_along_axis(rows, rng.integers(width, size=(n, 3)), 1.0, axis=1)
    return rows


def timed(function: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = function(*arguments)
    return time.perf_counter() - start, answer


def require_farther(
    rows: np.ndarray, n_labeled: int, picks: np.ndarray, expected: np.ndarray
) -> None:
    """Where picks first differ from the float32 loop's, exact distances are for them.

    Its rounding may prefer another row where two are nearly as far, and everything after differs;
    of two that are equally far the definition takes the lower position.
    """
    if picks.tolist() == expected.tolist():
        return
    first = int(np.argmax(picks != expected))
    centers = np.concatenate([rows[:n_labeled], rows[n_labeled + picks[:first]]]).astype(np.float64)
    ours, theirs = (
        ((centers - rows[n_labeled + pick].astype(np.float64)) ** 2).sum(axis=1).min()
        for pick in (picks[first], expected[first])
    )
    assert (ours, -picks[first]) > (theirs, -expected[first])
    assert ours - theirs <= 1e-5 * (rows[n_labeled + picks[first]].astype(np.float64) ** 2).sum()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("kind", [clustered, noise, duplicates, few_distinct, integers, one_hot])
def test_time_against_loop_and_products(benchmark: Any, kind: Any, size: Any) -> None:
    n, n_labeled, budget, width = size
    rows = kind(np.random.default_rng(0), n_labeled + n, width)
    labeled, unlabeled = rows[:n_labeled], rows[n_labeled:]
    arguments = (torch.from_numpy(unlabeled), torch.from_numpy(labeled), budget)
    seconds = []
    end = time.perf_counter() + (SECONDS if benchmark.enabled else 0.0)
    while not seconds or time.perf_counter() < end:
        loop, expected = timed(plain_loop, unlabeled, labeled, budget)
        # NumPy's threads spin for a while after a product and would slow torch's.
        time.sleep(0.2 if benchmark.enabled else 0.0)
        products, _ = timed(products_alone, *arguments)
        ours, picks = timed(greedy_k_center, *arguments)
        seconds.append((loop, products, ours))
    benchmark.pedantic(greedy_k_center, arguments, rounds=1)
    loop, products, ours = np.array(seconds).T
    benchmark.extra_info |= {
        "loop (s)": round(float(np.median(loop)), 3),
        "products (s)": round(float(np.median(products)), 3),
        "ours (s)": round(float(np.median(ours)), 3),
        "loop / ours": round(float(np.median(loop / ours)), 2),
        "ours / products": round(float(np.median(ours / products)), 2),
    }
    print(kind.__name__, size, dict(benchmark.extra_info))
    require_farther(rows, n_labeled, picks, expected)

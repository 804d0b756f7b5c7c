"""Memory of a query: linear in the pool, and nothing in it that is larger than it must be.

Up to a million rows of 512 features: ``pytest tests/performance/test_memory.py -m slow -s``.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from alharness.engine.pool import BATCH

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux"),
]

PROGRAM = Path(__file__).with_name("growths.py")
MIB = 1 << 20

N, N_CLASSES, PASSES, WIDTH = 12_000, 100, 25, 32
SOUND = [
    *("random", "least-confidence", "margin", "entropy", "dbal", "bald", "qbc"),
    *("coreset", "coreset-mip", "badge", "power-bald", "random-stratified"),
    *("uncertainty-herding", "cdal", "alfa-mix", "bait", "cluster-margin"),
    *("uncertain-gcn", "core-gcn"),
    *("kmeans", "typiclust"),
]
LARGEST_ARRAY = {
    "stacks-passes": PASSES * N * N_CLASSES,
    "all-distances": N * N,
    "outer-products": N * N_CLASSES * WIDTH,
}
"""Elements of what samplers hold that the program has to show that it measures."""

WIDE_SIZES, SCORE_SIZES = [5_000, 10_000, 20_000], [25_000, 50_000, 100_000]
UP_TO_A_MILLION = [125_000, 250_000, 500_000, 1_000_000]
FEATURES = 512
BADGE_FEATURES = 768
ROW = 4 * FEATURES
"""Bytes of a row of features."""
SCORED = 20
"""Bytes of a row's score, 8, and what allocators add."""


def growths(*runs: tuple[object, ...]) -> list[int]:
    """Bytes by which the peak of resident memory grows in each of these."""
    command = [sys.executable, PROGRAM, json.dumps([N_CLASSES, PASSES, runs])]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return list(json.loads(answer.stdout))


def assert_linear(sizes: list[int], grown: list[int], bytes_per_row: float) -> None:
    """Sizes double: then so does the growth from each to the next. No more than is allowed."""
    mebibytes = [round(size / MIB, 1) for size in grown]
    print("MiB by rows:", dict(zip(sizes, mebibytes, strict=True)))
    steps = [later - size for size, later in itertools.pairwise(grown)]
    for before, after in itertools.pairwise(steps):
        # Pages and allocators round, and threads come and go: some MiB are no growth.
        assert after <= 2.1 * before + 16 * MIB, mebibytes
    assert grown[-1] <= bytes_per_row * sizes[-1] + 24 * MIB, mebibytes


def need(gibibytes: float) -> None:
    """Skip on a machine that has less memory available."""
    available = psutil.virtual_memory().available / 2**30
    if available < gibibytes:
        pytest.skip(f"{available:.1f} GiB of memory are available, {gibibytes:g} are needed")


@pytest.fixture(scope="module")
def measured() -> dict[tuple[object, ...], int]:
    """What the fast tests are about, in one process: importing torch is what takes time."""
    runs: list[tuple[object, ...]] = [
        *(("query", name, N, WIDTH) for name in [*SOUND, *LARGEST_ARRAY]),
        *(("k_center", n, FEATURES) for n in WIDE_SIZES),
        *(("query", "least-confidence", n, FEATURES) for n in WIDE_SIZES),
        *(("query", "badge", n, BADGE_FEATURES) for n in WIDE_SIZES),
        *(("score", "mutual_information", n, 10) for n in SCORE_SIZES),
    ]
    return dict(zip(runs, growths(*runs), strict=True))


def test_no_query_holds_more_than_the_pools_outputs_a_few_times(measured: Any) -> None:
    """An array of n·n, n·(C·D) or T·n·C elements would be at least twice the limit.

    The last three samplers hold just these: the measurement shows it.
    """
    slices = 6 * 4 * PASSES * BATCH * N_CLASSES
    limit = 4 * 4 * N * (N_CLASSES + WIDTH) + slices
    assert all(4 * elements >= 2 * limit for elements in LARGEST_ARRAY.values())
    queries = {run: size for run, size in measured.items() if run[0] == "query"}
    grown = {name: size for (_, name, _, width), size in queries.items() if width == WIDTH}
    assert {name for name, size in grown.items() if size > limit} == set(LARGEST_ARRAY), grown
    for name, elements in LARGEST_ARRAY.items():
        assert grown[name] >= 0.9 * 4 * elements


def test_scores_grow_by_a_number_a_row(measured: Any) -> None:
    """All passes together would be 1000 bytes a row."""
    grown = [measured["score", "mutual_information", n, 10] for n in SCORE_SIZES]
    assert_linear(SCORE_SIZES, grown, SCORED)


def test_a_pool_holds_its_features_once(measured: Any) -> None:
    """Computed for the logits' sake; these and their softmax are a few numbers more."""
    grown = [measured["query", "least-confidence", n, FEATURES] for n in WIDE_SIZES]
    assert_linear(WIDE_SIZES, grown, 1.2 * ROW + 3 * 4 * N_CLASSES)


def test_k_center_grows_by_a_copy_of_the_features(measured: Any) -> None:
    """The moved points, and half as much again for bounds and blocks."""
    grown = [measured["k_center", n, FEATURES] for n in WIDE_SIZES]
    assert_linear(WIDE_SIZES, grown, 1.5 * ROW)


def test_badge_never_forms_a_gradient(measured: Any) -> None:
    """100 classes and 768 features: a gradient would be 76 800 numbers. The pool holds features and
    logits, the sampler a copy of the features, probabilities and errors."""
    grown = [measured["query", "badge", n, BADGE_FEATURES] for n in WIDE_SIZES]
    assert_linear(WIDE_SIZES, grown, 4 * (2.2 * BADGE_FEATURES + 5 * N_CLASSES))


@pytest.mark.parametrize(
    "name", ["entropy_of_mean", "mean_entropy", "mutual_information", "variance_ratio"]
)
def test_scores_of_a_million_rows(name: str) -> None:
    """25 passes, 10 classes."""
    grown = growths(*(("score", name, n, 10) for n in UP_TO_A_MILLION))
    assert_linear(UP_TO_A_MILLION, grown, SCORED)


def test_entropy_of_a_million_rows() -> None:
    """10 classes."""
    need(1)
    grown = growths(*(("entropy", n, 10) for n in UP_TO_A_MILLION))
    assert_linear(UP_TO_A_MILLION, grown, SCORED)


@pytest.mark.timeout(900)
def test_k_center_of_a_million_rows() -> None:
    """512 features, 64 labeled rows, budget 32; the features themselves are 2 GB."""
    need(8)
    grown = growths(*(("k_center", n, FEATURES) for n in UP_TO_A_MILLION))
    assert_linear(UP_TO_A_MILLION, grown, 1.5 * ROW)


@pytest.mark.timeout(900)
def test_coreset_of_a_million_images() -> None:
    """What the pool keeps, logits and embeddings; the sampler's copy; the moved points."""
    need(12)
    grown = growths(*(("query", "coreset", n, FEATURES) for n in UP_TO_A_MILLION))
    assert_linear(UP_TO_A_MILLION, grown, 3.5 * ROW + 4 * N_CLASSES)

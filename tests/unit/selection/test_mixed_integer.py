"""Robust k-center. Independent sources: all subsets tried, with distances by scipy; on a
line, the scan that places each center as far right as it may be.
"""

from __future__ import annotations

import itertools
import time
from bisect import bisect_left

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

import alharness
from alharness.selection import Cover, greedy_k_center, mixed_integer, robust_k_center


def float32(values: object) -> torch.Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


def radius_of(
    unlabeled: torch.Tensor, labeled: torch.Tensor, picks: object, max_outliers: int
) -> float:
    """The radius of these picks, by scipy."""
    rows = unlabeled.double().numpy()
    centers = np.concatenate([labeled.double().numpy(), rows[list(picks)]])  # type: ignore[call-overload]
    nearest = np.sort(cdist(rows, centers).min(axis=1))[::-1]
    return float(nearest[max_outliers]) if max_outliers < len(rows) else 0.0


def smallest_radius(
    unlabeled: torch.Tensor, labeled: torch.Tensor, budget: int, max_outliers: int
) -> float:
    """Over all subsets."""
    subsets = itertools.combinations(range(len(unlabeled)), budget)
    return min(radius_of(unlabeled, labeled, picks, max_outliers) for picks in subsets)


def spread(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.standard_normal((n, 3))


def grid(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.integers(0, 4, size=(n, 2))


def duplicates(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.standard_normal((4, 2))[rng.integers(4, size=n)]


def far_ones(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.standard_normal((n, 2)) * np.where(rng.random((n, 1)) < 0.2, 100, 1)


def identical(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.full((n, 2), 0.1)


def line(rng: np.random.Generator, n: int) -> np.ndarray:
    return 0.1 * rng.integers(0, 30, size=(n, 1))


small_cases = given(
    kind=st.sampled_from([spread, grid, duplicates, far_ones, identical, line]),
    n=st.integers(1, 9),
    n_labeled=st.integers(0, 3),
    budget=st.integers(1, 4),
    max_outliers=st.integers(0, 4),
    seed=st.integers(0, 2**32 - 1),
)


def small_case(
    kind: object, n: int, n_labeled: int, budget: int, max_outliers: int, seed: int
) -> tuple[torch.Tensor, torch.Tensor, int, int]:
    rows = float32(kind(np.random.default_rng(seed), n + n_labeled))  # type: ignore[operator]
    return rows[n_labeled:], rows[:n_labeled], min(budget, n), max_outliers


def check(
    cover: Cover, unlabeled: torch.Tensor, labeled: torch.Tensor, budget: int, max_outliers: int
) -> None:
    """What holds of every answer."""
    assert cover.picks.dtype == np.int64
    assert len(set(cover.picks.tolist())) == len(cover.picks) == budget
    assert 0 <= cover.picks.min() <= cover.picks.max() < len(unlabeled)
    radius = radius_of(unlabeled, labeled, cover.picks, max_outliers)
    assert cover.radius == pytest.approx(radius, rel=1e-9, abs=1e-12)
    greedy = greedy_k_center(unlabeled, labeled, budget)
    greedy_radius = radius_of(unlabeled, labeled, greedy, max_outliers)
    assert cover.greedy_radius == pytest.approx(greedy_radius, rel=1e-9, abs=1e-12)
    assert 0 <= cover.lower_bound <= cover.radius <= cover.greedy_radius
    assert 0 <= cover.gap <= 1
    assert cover.n_outliers <= max_outliers


@settings(deadline=None, max_examples=120)
@small_cases
def test_is_optimal_by_trying_all_subsets(**case: object) -> None:
    unlabeled, labeled, budget, max_outliers = small_case(**case)  # type: ignore[arg-type]
    cover = robust_k_center(unlabeled, labeled, budget, max_outliers=max_outliers)
    check(cover, unlabeled, labeled, budget, max_outliers)
    best = smallest_radius(unlabeled, labeled, budget, max_outliers)
    assert cover.radius == pytest.approx(best, rel=1e-9, abs=1e-12)
    assert (cover.ended, cover.gap, cover.lower_bound) == ("optimal", 0.0, cover.radius)


@settings(deadline=None, max_examples=120)
@small_cases
def test_too_many_pairs_fall_back_on_greedy_with_a_valid_bound(**case: object) -> None:
    unlabeled, labeled, budget, max_outliers = small_case(**case)  # type: ignore[arg-type]
    cover = robust_k_center(unlabeled, labeled, budget, max_outliers=max_outliers, max_pairs=0)
    check(cover, unlabeled, labeled, budget, max_outliers)
    assert cover.picks.tolist() == greedy_k_center(unlabeled, labeled, budget).tolist()
    best = smallest_radius(unlabeled, labeled, budget, max_outliers)
    assert cover.lower_bound <= best * (1 + 1e-9)
    assert cover.ended in ("too many pairs", "optimal")
    if max_outliers == 0:
        assert cover.lower_bound >= cover.radius / 2 * (1 - 1e-9)
        assert cover.gap <= 0.5 + 1e-9


def test_half_of_greedys_radius_is_no_bound_with_outliers() -> None:
    """One pick, one outlier: greedy takes 100 and leaves 10, yet either may be left out."""
    unlabeled, labeled = float32([[0], [10], [100]]), float32([[0]])
    for max_pairs in (0, 100):
        cover = robust_k_center(unlabeled, labeled, 1, max_outliers=1, max_pairs=max_pairs)
        assert (cover.radius, cover.lower_bound, cover.n_outliers) == (0.0, 0.0, 1)


def test_by_hand() -> None:
    """On a line from a labeled 0: greedy takes 10 and leaves 5; 6 or 8 reach 10 within 4."""
    unlabeled, labeled = float32([[4], [5], [10], [6], [8]]), float32([[0]])
    assert greedy_k_center(unlabeled, labeled, 1).tolist() == [2]
    cover = robust_k_center(unlabeled, labeled, 1)
    assert (cover.greedy_radius, cover.radius, cover.gap) == (5.0, 4.0, 0.0)
    assert cover.picks.tolist() in ([3], [4])


def on_a_line(unlabeled: np.ndarray, labeled: np.ndarray, budget: int) -> float:
    """The smallest radius for sorted points on a line, by bisection over all distances.

    The leftmost point that is not covered needs a center at most a radius to its right,
    and the rightmost such point covers most.
    """

    def needed(radius: float) -> int:
        covered = cdist(unlabeled[:, None], labeled[:, None]).min(axis=1) <= radius
        count, reach = 0, -np.inf
        for point in unlabeled[~covered]:
            if point > reach:
                center = unlabeled[unlabeled - point <= radius][-1]
                count, reach = count + 1, center + radius
        return count

    levels = np.unique(cdist(unlabeled[:, None], np.concatenate([unlabeled, labeled])[:, None]))
    return float(levels[bisect_left(levels, -budget, key=lambda radius: -needed(radius))])


def test_400_points_on_a_line_are_solved() -> None:
    """Whole numbers, so that no rounding decides about a level; seed 0."""
    rng = np.random.default_rng(0)
    rows = rng.permutation(rng.choice(100_000, size=410, replace=False)).astype(np.float64)
    labeled, unlabeled = rows[:10], rows[10:]
    cover = robust_k_center(float32(unlabeled[:, None]), float32(labeled[:, None]), 25)
    assert cover.radius == on_a_line(np.sort(unlabeled), labeled, 25)
    assert (cover.ended, cover.gap) == ("optimal", 0.0)
    assert cover.radius < 0.9 * cover.greedy_radius


@pytest.mark.parametrize(
    ("n", "n_labeled", "width", "budget", "max_outliers"),
    [(300, 20, 2, 20, 0), (300, 20, 2, 20, 3), (400, 20, 8, 20, 0)],
)
def test_better_than_greedy(
    n: int, n_labeled: int, width: int, budget: int, max_outliers: int
) -> None:
    """Uniform in a box, seed 0: at least 5 % below greedy's radius, and proven optimal."""
    rows = float32(np.random.default_rng(0).uniform(size=(n + n_labeled, width)))
    unlabeled, labeled = rows[n_labeled:], rows[:n_labeled]
    cover = robust_k_center(unlabeled, labeled, budget, max_outliers=max_outliers)
    check(cover, unlabeled, labeled, budget, max_outliers)
    assert cover.radius < 0.95 * cover.greedy_radius
    assert cover.ended == "optimal"


def test_same_rows_same_answer() -> None:
    rows = float32(np.random.default_rng(0).uniform(size=(220, 4)))
    first, second = (robust_k_center(rows[20:], rows[:20], 15) for _ in range(2))
    assert first.picks.tolist() == second.picks.tolist()
    assert first.ended == second.ended == "optimal"


def test_picks_beyond_the_needed_ones_go_on_from_the_centers() -> None:
    """Two far groups and an isolated pair: what is left of the budget improves the cover."""
    unlabeled = float32([[0], [0.1], [10], [10.1], [20], [20.1]])
    cover = robust_k_center(unlabeled, torch.empty(0, 1), 5)
    assert cover.radius == pytest.approx(0.1, rel=1e-5)
    assert len(set(cover.picks.tolist())) == 5


def test_the_limit_of_time_is_kept() -> None:
    """1000 points in a cube with 20 picks and 5 outliers, which take minutes; seed 0."""
    rows = float32(np.random.default_rng(0).uniform(size=(1004, 3)))
    unlabeled, labeled = rows[4:], rows[:4]
    began = time.monotonic()
    cover = robust_k_center(unlabeled, labeled, 20, max_outliers=5, seconds=1.0)
    assert time.monotonic() - began < 10
    check(cover, unlabeled, labeled, 20, 5)
    assert cover.ended == "out of time"
    assert 0 < cover.lower_bound < cover.radius
    cover = robust_k_center(unlabeled, labeled, 20, max_outliers=5, seconds=0.0)
    assert cover.picks.tolist() == greedy_k_center(unlabeled, labeled, 20).tolist()
    assert cover.ended == "out of time"


@pytest.mark.slow
def test_the_limit_of_nodes_is_deterministic() -> None:
    """200 points in four dimensions: programs that one node does not decide; seed 0."""
    rows = float32(np.random.default_rng(0).uniform(size=(202, 4)))
    unlabeled, labeled = rows[2:], rows[:2]
    first, second = (
        robust_k_center(unlabeled, labeled, 10, max_outliers=3, max_nodes=1) for _ in range(2)
    )
    check(first, unlabeled, labeled, 10, 3)
    assert first.picks.tolist() == second.picks.tolist()
    assert (first.ended, first.gap) == (second.ended, second.gap)
    assert first.ended == "undecided"
    assert 0 < first.gap < 0.05


@pytest.mark.parametrize("seed", range(30))
def test_undecided_radii_only_widen_the_gap(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each level is forgotten with probability ½, whatever HiGHS would say of it.

    What is found must then still be a radius and a bound, and around each forgotten level
    the search must have gone on: the levels next to the two ends are forgotten ones.
    """
    rng = np.random.default_rng(seed)
    rows = float32(rng.integers(0, 12, size=(40, 2)))
    unlabeled, labeled = rows[2:], rows[:2]
    answers: dict[float, object] = {}
    ask = mixed_integer._reachable

    def forgetful(problem: object, pairs: object, level: float, *limits: object) -> object:
        assert level not in answers, "asked twice"
        answers[level] = ask(problem, pairs, level, *limits) if rng.random() < 0.5 else "unknown"  # type: ignore[arg-type]
        return answers[level]

    best = robust_k_center(unlabeled, labeled, 6, max_outliers=1)
    monkeypatch.setattr(mixed_integer, "_reachable", forgetful)
    cover = robust_k_center(unlabeled, labeled, 6, max_outliers=1)
    check(cover, unlabeled, labeled, 6, 1)
    assert cover.lower_bound <= best.radius <= cover.radius
    if cover.lower_bound < cover.radius:
        assert cover.ended == "undecided"
        unknown = [level for level, answer in answers.items() if answer == "unknown"]
        assert min(unknown) == pytest.approx(cover.lower_bound**2)
        above = [level for level in answers if max(unknown) < level < cover.radius**2 - 1e-9]
        assert above == []
    else:
        assert cover.ended == "optimal"


@pytest.mark.parametrize(
    ("budget", "max_outliers", "message"),
    [(4, 0, "budget 4 of 3"), (0, 0, "budget 0 of 3"), (1, -1, "-1 outliers")],
)
def test_refuses(budget: int, max_outliers: int, message: str) -> None:
    with pytest.raises(alharness.HarnessError, match=message):
        robust_k_center(torch.ones(3, 2), torch.ones(1, 2), budget, max_outliers=max_outliers)

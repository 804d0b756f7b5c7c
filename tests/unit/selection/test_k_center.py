"""Greedy k-center: the fast path against the float64 definition, and the definition itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import alharness
from alharness.selection import (
    distances,
    greedy_k_center,
    greedy_k_center_reference,
    k_center,
    nearest,
)


def float32(values: object) -> torch.Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


def gaussian(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    return rng.standard_normal((n, width))


def grid(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    return rng.integers(0, 3, size=(n, width))


def one_hot(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    return np.eye(width)[rng.integers(width, size=n)]


def duplicates(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    return rng.standard_normal((max(1, n // 4), width))[rng.integers(max(1, n // 4), size=n)]


def offset(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    return 1e4 + rng.standard_normal((n, width))


def outlier(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    rows = rng.standard_normal((n, width))
    rows[rng.integers(n)] *= 1e6
    return rows


def tiny(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    return 1e-42 * rng.standard_normal((n, width))


def huge(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    return 3e38 * rng.uniform(-1, 1, size=(n, width))


def near_ties(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    return grid(rng, n, width) + 1e-6 * rng.standard_normal((n, width))


def identical(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    return np.full((n, width), 0.1)


def clustered(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    """Ten clusters, rectified, as users' features are."""
    middle = rng.standard_normal((10, width))[rng.integers(10, size=n)]
    return np.maximum(middle + rng.standard_normal((n, width)), 0)


def tenths(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    """Ties that rounding breaks: no float32 is a tenth."""
    return 0.1 * rng.integers(0, 3, size=(n, width))


def several_hot(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    """Hardly two distances in the data differ."""
    return 0.1 * (rng.random((n, width)).argsort(axis=1) < 3)


def signed_zeros(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    return 0.0 * rng.standard_normal((n, width)) + 5 * (rng.random((n, width)) < 0.1)


def far_apart_scales(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    """Some features are lost beside the others in float32, and not in float64."""
    return rng.standard_normal((n, width)) * 10.0 ** rng.integers(-30, 15, size=(1, width))


KINDS = [
    *(gaussian, grid, one_hot, duplicates, offset),
    *(outlier, tiny, huge, near_ties, identical),
    *(clustered, tenths, several_hot, signed_zeros, far_apart_scales),
]


def make_small(patch: pytest.MonkeyPatch, block: int) -> None:
    """Small sizes, so that a small pool goes through many fronts and stale bounds."""
    patch.setattr(k_center, "_FRONT", block)
    patch.setattr(k_center, "_ROWS", 4 * block)
    patch.setattr(k_center, "_FIRST", 8)
    patch.setattr(k_center, "_STRIDE", 4)
    patch.setattr(nearest, "_ROWS", 16)
    patch.setattr(nearest, "_CENTERS", 16)
    patch.setattr(nearest, "_PER_ROW", 2)


@settings(deadline=None, max_examples=120)
@given(
    kind=st.sampled_from(KINDS),
    n=st.integers(1, 150),
    n_labeled=st.integers(0, 40),
    width=st.sampled_from([1, 2, 3, 7, 32, 100]),
    share=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    block=st.sampled_from([1, 4, 64]),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_the_float64_reference(
    kind: object, n: int, n_labeled: int, width: int, share: float, block: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = float32(kind(rng, n + n_labeled, width))  # type: ignore[operator]
    labeled, unlabeled = rows[:n_labeled], rows[n_labeled:]
    budget = max(1, round(share * n))
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch, block)
        picks = greedy_k_center(unlabeled, labeled, budget)
    assert picks.dtype == np.int64
    assert picks.tolist() == greedy_k_center_reference(unlabeled, labeled, budget).tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_equals_the_float64_reference_at_the_real_sizes(kind: object) -> None:
    rows = float32(kind(np.random.default_rng(3), 1500, 48))  # type: ignore[operator]
    labeled, unlabeled = rows[:600], rows[600:]
    picks = greedy_k_center(unlabeled, labeled, 150)
    assert picks.tolist() == greedy_k_center_reference(unlabeled, labeled, 150).tolist()


@pytest.mark.parametrize("n_labeled", [0, 600])
@pytest.mark.parametrize("kind", [gaussian, clustered, grid, tenths, several_hot, duplicates])
@pytest.mark.parametrize("small", [False, True])
def test_no_pair_twice(
    monkeypatch: pytest.MonkeyPatch, kind: object, n_labeled: int, small: bool
) -> None:
    """Neither in low precision nor exactly; and only pairs of a row with a center."""
    rows = float32(kind(np.random.default_rng(6), 900 + n_labeled, 48))  # type: ignore[operator]
    labeled, unlabeled = rows[:n_labeled], rows[n_labeled:]
    roughly, exactly = (np.zeros((len(rows), len(rows)), dtype=np.int64) for _ in range(2))
    bounds, one, squared = distances.upper_bounds, distances.ToOne.lower, distances.Points.squared

    def counted_bounds(x: distances.Block, y: distances.Block) -> torch.Tensor:
        roughly[np.ix_(x.points, y.points)] += 1
        return bounds(x, y)

    def counted_one(some: distances.ToOne, place: int) -> np.ndarray:
        roughly[some.points, some.points[place]] += 1
        return one(some, place)

    def counted_squared(points: distances.Points, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        np.add.at(exactly, (x, y), 1)
        return squared(points, x, y)

    monkeypatch.setattr(nearest, "upper_bounds", counted_bounds)
    monkeypatch.setattr(distances.ToOne, "lower", counted_one)
    monkeypatch.setattr(distances.Points, "squared", counted_squared)
    if small:
        make_small(monkeypatch, 8)
    picks = greedy_k_center(unlabeled, labeled, 150)
    assert roughly.max() == 1
    assert exactly.max() <= 1
    centers = np.concatenate([np.arange(n_labeled), n_labeled + picks])
    assert set(np.flatnonzero(roughly.any(axis=0))) <= set(centers)
    assert np.all(roughly >= exactly)


@pytest.mark.parametrize("kind", [gaussian, clustered, grid])
def test_most_pairs_never_meet(monkeypatch: pytest.MonkeyPatch, kind: object) -> None:
    rows = float32(kind(np.random.default_rng(7), 3300, 256))  # type: ignore[operator]
    n_pairs, bounds = 0, distances.upper_bounds

    def counted(x: distances.Block, y: distances.Block) -> torch.Tensor:
        nonlocal n_pairs
        n_pairs += len(x.points) * len(y.points)
        return bounds(x, y)

    monkeypatch.setattr(nearest, "upper_bounds", counted)
    greedy_k_center(rows[300:], rows[:300], 150)
    assert n_pairs < 0.5 * 3000 * (300 + 150)


def test_rows_of_a_kind_may_stand_together() -> None:
    """The first centers that all rows meet are of every kind, whatever the order."""
    rows = float32(clustered(np.random.default_rng(8), 400, 32))
    order = rows.sum(dim=1).argsort()
    labeled, unlabeled = rows[order][:200], rows[order][200:]
    picks = greedy_k_center(unlabeled, labeled, 60)
    assert picks.tolist() == greedy_k_center_reference(unlabeled, labeled, 60).tolist()


def test_lower_matrix_precision_changes_no_pick() -> None:
    rows = float32(gaussian(np.random.default_rng(0), 300, 64))
    expected = greedy_k_center_reference(rows[50:], rows[:50], 40)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        picks = greedy_k_center(rows[50:], rows[:50], 40)
    finally:
        torch.set_float32_matmul_precision(before)
    assert picks.tolist() == expected.tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_bounds_hold_for_every_pair(kind: object) -> None:
    rows = float32(kind(np.random.default_rng(5), 200, 33))  # type: ignore[operator]
    products = distances.Points(rows[:60], rows[60:])
    everything = np.arange(200)
    exact = rows.numpy().astype(np.float64)
    distance = distances.squared_distances(exact[:, None], exact[None])
    assert np.all(products.on_host(products.upper(everything, everything)) >= distance)
    assert np.all(products.on_host(products.lower(everything, everything)) <= distance)


@pytest.mark.parametrize("unit", [1.0, 2.0**-140, 2.0**100])
def test_bounds_of_whole_numbers_are_the_distances(unit: float) -> None:
    """Times any power of two; far from the origin, too."""
    rows = float32(unit * np.random.default_rng(9).integers(100, 110, size=(80, 33)))
    points = distances.Points(rows[:30], rows[30:])
    everything = np.arange(80)
    exact = rows.numpy().astype(np.float64)
    distance = distances.squared_distances(exact[:, None], exact[None])
    assert np.array_equal(points.on_host(points.upper(everything, everything)), distance)
    assert np.array_equal(points.on_host(points.lower(everything, everything)), distance)


@pytest.mark.parametrize(
    "values",
    [
        *([0.0, 0.1, 0.2], [0.0, 1.0, 1e6]),
        # Squares of more digits than float32 has, and a feature lost beside another one.
        *(range(2000), [0.0, 2.0**127, 2.0**-126]),
    ],
)
def test_bounds_that_may_be_rounded_are_apart(values: object) -> None:
    rows = float32(np.random.default_rng(9).choice(values, size=(80, 33)))  # type: ignore[call-overload]
    points = distances.Points(rows[:30], rows[30:])
    assert np.all(points.gap > 0)


@pytest.mark.parametrize("select", [greedy_k_center, greedy_k_center_reference])
class TestDefinition:
    """Worked by hand, on a line."""

    def test_farthest_first(self, select: object) -> None:
        unlabeled = float32([[1], [10], [4], [-5]])
        assert select(unlabeled, float32([[0]]), 4).tolist() == [1, 3, 2, 0]  # type: ignore[operator]

    def test_ties_go_to_the_lowest_position(self, select: object) -> None:
        unlabeled = float32([[0], [2], [-2], [2]])
        assert select(unlabeled, float32([[0]]), 4).tolist() == [1, 2, 0, 3]  # type: ignore[operator]

    def test_without_labeled_rows_position_0_is_first(self, select: object) -> None:
        unlabeled = float32([[1], [5], [0]])
        assert select(unlabeled, torch.empty(0, 1), 2).tolist() == [0, 1]  # type: ignore[operator]

    def test_duplicates_of_centers_come_last(self, select: object) -> None:
        unlabeled = float32([[3], [9], [9], [0], [4]])
        picks = select(unlabeled, float32([[0]]), 5).tolist()  # type: ignore[operator]
        assert picks == [1, 4, 0, 2, 3]

    def test_fewer_distinct_rows_than_budget(self, select: object) -> None:
        assert select(torch.ones(6, 3), torch.ones(2, 3), 5).tolist() == [0, 1, 2, 3, 4]  # type: ignore[operator]

    @pytest.mark.parametrize(
        ("unlabeled", "labeled", "budget", "message"),
        [
            (torch.ones(3, 2), torch.ones(1, 2), 4, "budget 4 of 3"),
            (torch.ones(3, 2), torch.ones(1, 2), 0, "budget 0 of 3"),
            (torch.ones(3, 2), torch.ones(1, 3), 1, "2 features, labeled rows 3"),
            (torch.ones(3, 0), torch.ones(1, 0), 1, "0 features"),
            (torch.ones(3), torch.ones(1, 3), 1, "shape"),
            (torch.ones(3, 2).double(), torch.ones(1, 2), 1, "float64"),
            (torch.tensor([[1.0], [torch.nan]]), torch.ones(1, 1), 1, "NaN or infinite"),
            (torch.ones(2, 1), torch.tensor([[torch.inf]]), 1, "NaN or infinite"),
        ],
    )
    def test_refuses(
        self, select: object, unlabeled: object, labeled: object, budget: int, message: str
    ) -> None:
        with pytest.raises(alharness.HarnessError, match=message):
            select(unlabeled, labeled, budget)  # type: ignore[operator]


def test_order_of_rows_matters_for_ties_only() -> None:
    rng = np.random.default_rng(1)
    rows = float32(gaussian(rng, 220, 16))
    labeled, unlabeled = rows[:20], rows[20:]
    order = rng.permutation(200)
    picks = greedy_k_center(unlabeled, labeled, 50)
    shuffled = greedy_k_center(unlabeled[torch.from_numpy(order)], labeled, 50)
    assert order[shuffled].tolist() == picks.tolist()


def test_distances_do_not_depend_on_the_number_of_rows() -> None:
    rows = gaussian(np.random.default_rng(2), 50, 301)
    alone = [distances.squared_distances(row[None], rows[0])[0] for row in rows]
    assert distances.squared_distances(rows, rows[0]).tolist() == alone


def test_equals_the_definition_by_scipy() -> None:
    """Independent source: the definition on scipy.spatial.distance.cdist."""
    from scipy.spatial.distance import cdist

    rows = gaussian(np.random.default_rng(4), 130, 20).astype(np.float32)
    chosen = list(range(30))
    for _ in range(25):
        chosen.append(int(cdist(rows, rows[chosen], "sqeuclidean").min(axis=1).argmax()))
    picks = greedy_k_center(float32(rows[30:]), float32(rows[:30]), 25)
    assert (picks + 30).tolist() == chosen[30:]

"""Greedy k-center: the fast path against the float64 definition, and the definition itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import alharness
from alharness.selection import distances, greedy_k_center, greedy_k_center_reference, k_center


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


KINDS = [
    *(gaussian, grid, one_hot, duplicates, offset),
    *(outlier, tiny, huge, near_ties, identical),
]


@settings(deadline=None, max_examples=80)
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
    # Small sizes, so that a small pool goes through many blocks and stale bounds.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(k_center, "_BLOCK", block)
        patch.setattr(k_center, "_ROWS", 4 * block)
        patch.setattr(k_center, "_FIRST", 8)
        patch.setattr(k_center, "_CENTERS", 16)
        picks = greedy_k_center(unlabeled, labeled, budget)
    assert picks.dtype == np.int64
    assert picks.tolist() == greedy_k_center_reference(unlabeled, labeled, budget).tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_equals_the_float64_reference_at_the_real_sizes(kind: object) -> None:
    rows = float32(kind(np.random.default_rng(3), 1500, 48))  # type: ignore[operator]
    labeled, unlabeled = rows[:600], rows[600:]
    picks = greedy_k_center(unlabeled, labeled, 150)
    assert picks.tolist() == greedy_k_center_reference(unlabeled, labeled, 150).tolist()


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

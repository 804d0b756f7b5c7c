"""Herding against naive greedy on the full matrix of similarities, by scipy's distances."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

import alharness
from alharness.selection import greedy_herding, herding


def float32(values: object) -> torch.Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


def gains_of_naive_greedy(
    unlabeled: np.ndarray,
    labeled: np.ndarray,
    picks: list[int],
    width: float,
    weights: np.ndarray,
) -> list[np.ndarray]:
    """Before each of the picks, the gains of all rows, -inf for picked ones: over labeled and
    unlabeled rows, as the paper has it."""
    targets = np.concatenate([labeled, unlabeled]).astype(np.float64)
    similar = np.exp(-cdist(unlabeled.astype(np.float64), targets, "sqeuclidean") / width**2)
    of_labeled = np.exp(-cdist(targets[: len(labeled)], targets, "sqeuclidean") / width**2)
    covered = of_labeled.max(axis=0, initial=0.0)
    everywhere = np.concatenate([np.ones(len(labeled)), weights])
    gains = []
    for number, pick in enumerate(picks):
        gain = (everywhere * np.maximum(similar - covered, 0)).mean(axis=1)
        gain[picks[:number]] = -np.inf
        gains.append(gain)
        covered = np.maximum(covered, similar[pick])
    return gains


@settings(deadline=None, max_examples=25)
@given(
    n=st.integers(1, 80),
    n_labeled=st.integers(0, 30),
    width=st.sampled_from([0.03, 0.3, 1.0, 3.0]),
    kinds=st.integers(3, 200),
    weighted=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_each_pick_has_the_largest_gain(
    n: int, n_labeled: int, width: float, kinds: int, weighted: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((kinds, 6))[rng.integers(kinds, size=n + n_labeled)]
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    labeled, unlabeled = rows[:n_labeled], rows[n_labeled:]
    weights = rng.random(n) * (rng.random(n) < 0.7) if weighted else np.ones(n)
    budget = int(rng.integers(1, n + 1))
    picks = greedy_herding(
        float32(unlabeled),
        float32(labeled),
        budget,
        width=width,
        weights=float32(weights) if weighted else None,
    ).tolist()
    assert len(set(picks)) == budget
    before = np.inf
    for pick, gain in zip(
        picks, gains_of_naive_greedy(unlabeled, labeled, picks, width, weights), strict=True
    ):
        assert gain[pick] >= gain.max() - 1e-6
        assert gain[pick] <= before + 1e-6  # gains never rise
        before = gain[pick]


@pytest.mark.parametrize("n_labeled", [0, 20])
def test_equals_naive_greedy(monkeypatch: pytest.MonkeyPatch, n_labeled: int) -> None:
    """Blocks end within the rows, and gains are far enough apart for one order to be right."""
    monkeypatch.setattr(herding, "_ROWS", 32)
    monkeypatch.setattr(herding, "_TARGETS", 48)
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((200 + n_labeled, 4))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    labeled, unlabeled = rows[:n_labeled], rows[n_labeled:]
    weights = rng.random(200)
    expected: list[int] = []
    for _ in range(40):
        gains = gains_of_naive_greedy(unlabeled, labeled, [*expected, 0], 1.0, weights)
        expected.append(int(gains[-1].argmax()))
    picks = greedy_herding(float32(unlabeled), float32(labeled), 40, weights=float32(weights))
    assert picks.tolist() == expected


def test_most_gains_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clusters, as features of networks have them: few rows are looked at again after a pick."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((10, 16))[rng.integers(10, size=1000)]
    rows = rows + rng.standard_normal(rows.shape) / 2
    computed: list[int] = []
    original = herding._Cover.gains

    def counted(cover: herding._Cover, which: np.ndarray) -> np.ndarray:
        computed.append(len(which))
        return original(cover, which)

    monkeypatch.setattr(herding._Cover, "gains", counted)
    unlabeled = torch.nn.functional.normalize(float32(rows))
    greedy_herding(unlabeled, unlabeled[:0], 100)
    assert computed[0] == 1000
    assert sum(computed[1:]) < 0.1 * 100 * 1000


def test_everything_covered_is_filled_up_with_the_lowest_positions() -> None:
    rows = float32([[0, 1], [1, 0], [0, 1], [1, 0]])
    assert greedy_herding(rows, rows[:2], 3).tolist() == [0, 1, 2]
    assert sorted(greedy_herding(rows, rows[:0], 4).tolist()) == [0, 1, 2, 3]


def test_an_image_of_no_weight_is_picked_only_for_what_is_near() -> None:
    rows = float32([[0.0, 0.0], [5.0, 0.0], [5.0, 0.1], [5.0, -0.1]])
    weights = float32([1.0, 0.0, 0.4, 0.4])
    # Alone, position 0 has 1.0; between positions 2 and 3, position 1 has nearly 0.8.
    assert greedy_herding(rows, rows[:0], 2, weights=weights).tolist() == [0, 1]


def test_a_width_far_below_float32s_rounding_of_distances() -> None:
    """Rows of length one that are 1e-4 apart: each covers itself and nothing else."""
    angles = 1e-4 * np.arange(50)
    rows = float32(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    weights = np.random.default_rng(0).random(50)
    picks = greedy_herding(rows, rows[:0], 10, width=1e-5, weights=float32(weights))
    assert picks.tolist() == np.argsort(-weights)[:10].tolist()


@pytest.mark.parametrize(
    "wrong",
    [
        {"budget": 0},
        {"budget": 5},
        {"width": 0.0},
        {"width": float("nan")},
        {"weights": torch.ones(3)},
        {"weights": torch.tensor([1.0, -1.0, 0.0, 0.0])},
        {"weights": torch.tensor([1.0, float("nan"), 0.0, 0.0])},
        {"unlabeled": torch.full((4, 2), torch.nan)},
        {"labeled": torch.zeros(1, 3)},
    ],
)
def test_what_is_refused(wrong: dict[str, object]) -> None:
    sound = {"unlabeled": torch.eye(4)[:, :2], "labeled": torch.zeros(0, 2), "budget": 2}
    with pytest.raises(alharness.HarnessError, match="herding"):
        greedy_herding(**{**sound, **wrong})  # type: ignore[arg-type]

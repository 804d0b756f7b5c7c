"""BAIT, binary form. Traps: the last index again and again where twice the budget exceeds the
pool; sums of means of mini-batches; λ = 0.

Independent source: tr(M⁻¹ I) computed anew by numpy for each candidate of each step; with two
classes the paper's own form, of all classes, on the full (C D) x (C D) matrices.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.bait import Bait

import alharness
from alharness.selection import fisher, greedy_fisher
from alharness.testing.pools import Pools


def information(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Each row's F, (n, D, D)."""
    exact = rows.astype(np.float64)
    return weights[:, None, None] * np.einsum("ni,nj->nij", exact, exact)


def by_definition(
    unlabeled: np.ndarray, labeled: np.ndarray, budget: int, regularization: float
) -> list[int]:
    """Of rows' F, (n, K, K): the trace for each candidate of each step, from scratch."""
    m = len(labeled)
    everything = np.concatenate([unlabeled, labeled]).mean(axis=0)
    start = regularization * np.eye(unlabeled.shape[1])
    start += labeled.mean(axis=0) * m / (m + budget)

    def trace(picks: list[int]) -> float:
        added = unlabeled[picks].sum(axis=0) * budget / (m + budget)
        return float(np.trace(np.linalg.inv(start + added) @ everything))

    picks: list[int] = []
    for _ in range(min(2 * budget, len(unlabeled))):
        left = [i for i in range(len(unlabeled)) if i not in picks]
        picks.append(min(left, key=lambda i: trace([*picks, i])))
    while len(picks) > budget:
        picks.remove(min(picks, key=lambda i: trace([j for j in picks if j != i])))
    return picks


def drawn(n: int, seed: int, width: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rows = (3 * rng.gamma(1.0, size=(n, width))).astype(np.float32)
    return rows, rng.uniform(0.02, 0.25, size=n).astype(np.float32)


def tensors(pair: tuple[np.ndarray, np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(pair[0]), torch.from_numpy(pair[1])


@pytest.mark.parametrize(("budget", "regularization"), [(1, 1.0), (5, 1.0), (5, 0.01), (20, 1.0)])
@pytest.mark.parametrize("seed", range(2))
def test_equals_traces_computed_anew(seed: int, budget: int, regularization: float) -> None:
    """Twice the budget is more than the pool in the last one."""
    unlabeled, labeled = drawn(30, seed), drawn(9, 10 + seed)
    picks = greedy_fisher(
        tensors(unlabeled), tensors(labeled), budget, regularization=regularization
    )
    expected = by_definition(information(*unlabeled), information(*labeled), budget, regularization)
    assert picks.tolist() == expected


def test_what_is_updated_equals_what_is_computed_anew() -> None:
    """The change of the trace, after forty changes to and fro."""
    rows, weights = drawn(60, 3)
    everything = information(rows, weights).mean(axis=0)
    state = fisher._State(
        *tensors((rows, weights)), 0.5, torch.eye(4).double(), torch.from_numpy(everything)
    )
    picked: list[int] = []
    for row in [*range(30), *range(10)]:
        state.change(row, -1.0 if row in picked else 1.0)
        picked.remove(row) if row in picked else picked.append(row)

    def trace(which: list[int]) -> float:
        added = 0.5 * information(rows[which], weights[which]).sum(axis=0)
        return float(np.trace(np.linalg.inv(np.eye(4) + added) @ everything))

    now = trace(picked)
    for row in (0, 5, 40, 59):
        assert state.lowered()[row] == pytest.approx(now - trace([*picked, row]), rel=1e-6)
    for row in (10, 20, 29):
        without = [one for one in picked if one != row]
        assert state.raised()[row] == pytest.approx(trace(without) - now, rel=1e-6)


def test_two_classes_are_the_papers_form() -> None:
    """(diag p - p pᵀ) ⊗ h hᵀ of two classes has the binary form's information twice, and in the
    other direction none: the same picks, on matrices of twice the width."""
    (rows, _), (labeled, _) = drawn(30, 5), drawn(9, 6)
    rng = np.random.default_rng(7)
    p, p_labeled = rng.uniform(0.5, 1, size=30), rng.uniform(0.5, 1, size=9)

    def full(h: np.ndarray, likeliest: np.ndarray) -> np.ndarray:
        both = np.stack([likeliest, 1 - likeliest], axis=1)
        a = np.einsum("nc,ce->nce", both, np.eye(2)) - np.einsum("nc,ne->nce", both, both)
        return np.stack([np.kron(one, np.outer(z, z)) for one, z in zip(a, h, strict=True)])

    expected = by_definition(full(rows, p), full(labeled, p_labeled), 6, 1.0)
    picks = greedy_fisher(
        tensors((rows, 2 * p * (1 - p))), tensors((labeled, 2 * p_labeled * (1 - p_labeled))), 6
    )
    assert picks.tolist() == expected


def test_the_sampler_weighs_by_the_predicted_class() -> None:
    pool = Pools().ordinary(60)

    def parts(subset: alharness.Subset) -> np.ndarray:
        p = pool.probabilities(subset).double().numpy().max(axis=1)
        return information(pool.embeddings(subset).double().numpy(), p * (1 - p))

    picks = Bait(regularization=1.0).query(pool, 4, np.random.default_rng(0))
    assert picks.tolist() == by_definition(parts("unlabeled"), parts("labeled"), 4, 1.0)


def test_duplicates_and_certain_images() -> None:
    rows, weights = drawn(10, 0)
    copies = np.tile(np.arange(10), 4)
    pair = tensors((rows[copies], weights[copies] * (copies > 4)))
    for budget in (3, 25, 40):
        picks = greedy_fisher(pair, tensors(drawn(5, 1)), budget).tolist()
        assert len(set(picks)) == budget
    assert set(copies[greedy_fisher(pair, tensors(drawn(5, 1)), 3)]) <= set(range(5, 10))
    nothing = torch.zeros(6, 4), torch.zeros(6)
    assert sorted(greedy_fisher(nothing, nothing, 6).tolist()) == list(range(6))


@pytest.mark.parametrize(("budget", "regularization"), [(0, 1.0), (6, 1.0), (2, 0.0)])
def test_what_is_refused(budget: int, regularization: float) -> None:
    pair = tensors(drawn(5, 0))
    with pytest.raises(alharness.HarnessError, match="Fisher"):
        greedy_fisher(pair, pair, budget, regularization=regularization)

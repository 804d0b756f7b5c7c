"""ALFA-Mix. Traps: anchors indexed by the classes that are there, of which one is missing (NaN);
gradients of zero divided by; a fill with replacement.

Independent sources: the paper's α and mixture feature by feature, for every anchor, in float64;
of two classes the closed form of a linear layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.alfa_mix import AlfaMix, AlfaMixParameters
from scipy.special import softmax
from torch import nn

from alharness import selection
from alharness.testing.pools import Pools


def linear(width: int, n_classes: int, seed: int = 0) -> nn.Linear:
    layer = nn.Linear(width, n_classes)
    weights = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(n_classes, width, generator=weights))
        layer.bias.copy_(torch.randn(n_classes, generator=weights))
    return layer


def flipped_by_definition(
    rows: np.ndarray, anchors: np.ndarray, head: nn.Linear, cap: float
) -> list[int]:
    """By α, anchor after anchor, without the closed form of the mixture."""
    w, b = head.weight.detach().double().numpy(), head.bias.detach().double().numpy()
    found = []
    for number, z in enumerate(rows.astype(np.float64)):
        p = softmax(w @ z + b)
        predicted = int(np.argmax(p))
        g = w.T @ (p - np.eye(len(b))[predicted])
        for anchor in anchors.astype(np.float64):
            apart = anchor - z
            apart[apart == 0] = 1e-12  # the limit: there is no α
            bound = cap / np.sqrt(len(z))
            alpha = bound * np.linalg.norm(apart) / np.linalg.norm(g) * g / apart
            mixed = z + alpha * apart
            if np.argmax(w @ mixed + b) != predicted:
                found.append(number)
                break
    return found


@pytest.mark.parametrize("cap", [0.03125, 0.2, 1.0])
def test_equals_the_papers_alpha(cap: float) -> None:
    rng = np.random.default_rng(0)
    rows, anchors = rng.normal(size=(300, 9)), rng.normal(size=(4, 9))
    head = linear(9, 4)
    flips = selection.FeatureMixing(torch.tensor(rows).float(), torch.tensor(anchors).float(), head)
    expected = flipped_by_definition(rows, anchors, head, cap)
    assert 0 < len(expected) < 300
    assert flips.flipped(cap).tolist() == expected


def test_two_classes_flip_by_their_margin() -> None:
    """If and only if the margin of the logits is below ε |z* - z| |w₁ - w₂|."""
    rng = np.random.default_rng(1)
    rows, anchor = rng.normal(size=(500, 6)), rng.normal(size=(1, 6))
    head = linear(6, 2)
    w, b = head.weight.detach().double().numpy(), head.bias.detach().double().numpy()
    margin = np.abs((rows @ w.T + b) @ [1, -1])
    reach = 0.4 / np.sqrt(6) * np.linalg.norm(anchor - rows, axis=1)
    expected = np.flatnonzero(margin < reach * np.linalg.norm(w[0] - w[1]))
    flips = selection.FeatureMixing(torch.tensor(rows).float(), torch.tensor(anchor).float(), head)
    assert flips.flipped(0.4).tolist() == expected.tolist()


def test_no_gradient_no_flip() -> None:
    """Where the prediction is certain to the last bit; nothing is NaN."""
    head = linear(3, 2)
    with torch.no_grad():
        head.weight.mul_(1e6)
    rows = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    assert selection.FeatureMixing(rows, torch.zeros(2, 3), head).flipped(1.0).tolist() == []
    same = selection.FeatureMixing(torch.zeros(5, 3), torch.zeros(2, 3), linear(3, 2))
    assert same.flipped(1.0).tolist() == []


def test_anchors_of_classes_that_have_no_labels() -> None:
    rows = torch.tensor([[0.0, 2.0], [2.0, 0.0], [4.0, 4.0]])
    anchors = selection.class_means(rows, torch.tensor([2, 2, 0]), 4)
    mean = [2.0, 2.0]
    assert anchors.tolist() == [[4.0, 4.0], mean, [1.0, 1.0], mean]


def query(pool: Any, budget: int, **parameters: float) -> tuple[np.ndarray, dict[str, Any]]:
    one = AlfaMix(**{**AlfaMixParameters().model_dump(), **parameters})
    return one.query(pool, budget, np.random.default_rng(0)), dict(one.notes)


def by_definition_at(pool: Any, cap: float) -> list[int]:
    labels, labeled = pool.labels().numpy(), pool.embeddings("labeled").numpy()
    means = np.array(
        [
            labeled[labels == c].mean(axis=0) if (labels == c).any() else labeled.mean(axis=0)
            for c in range(pool.n_classes)
        ]
    )
    return flipped_by_definition(pool.embeddings().numpy(), means, pool.head(), cap)


def test_the_cap_grows_until_more_than_the_budget_flip() -> None:
    pool = Pools().ordinary()
    picks, notes = query(pool, 30)
    cap = notes["cap"]
    candidates = by_definition_at(pool, cap)
    assert notes == {"cap": cap, "candidates": len(candidates), "filled": 0}
    assert len(by_definition_at(pool, cap - 0.03125)) <= 30 < len(candidates)
    assert len(set(picks.tolist())) == 30
    assert set(picks.tolist()) <= set(candidates)
    rows = selection.unit_rows(pool.embeddings()[candidates])
    clusters = selection.k_means(rows, 30, np.random.default_rng(0))
    nearest = selection.nearest_to_centers(rows, clusters)
    assert picks.tolist() == np.array(candidates)[nearest].tolist()


def test_a_fixed_cap_and_a_fill() -> None:
    pool = Pools().ordinary()
    candidates = by_definition_at(pool, 0.05)
    budget = len(candidates) + 20
    picks, notes = query(pool, budget, first=0.05, last=0.05)
    assert notes == {"cap": 0.05, "candidates": len(candidates), "filled": 20}
    assert set(candidates) <= set(picks.tolist())
    assert len(set(picks.tolist())) == budget

"""ActiveFT. Independent source: the loss image by image in float64, and its finite differences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.active_ft import loss_and_gradient

from alharness.engine.randomness import controlled


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def loss(features: np.ndarray, points: np.ndarray, constant: np.ndarray, t: float) -> float:
    """By a loop; ``constant`` are the points that are pushed away from."""
    total = 0.0
    for feature in features:
        nearest = max(points, key=lambda point: feature @ point)
        near = math.exp(feature @ nearest / t)
        far = sum(math.exp(other @ nearest / t) for other in constant)
        total -= math.log(near / (near + far))
    return total / len(features)


@pytest.mark.parametrize("temperature", [0.07, 0.5])
def test_gradient_by_finite_differences(temperature: float) -> None:
    rng = np.random.default_rng(0)
    features, points = unit(rng.standard_normal((40, 6))), unit(rng.standard_normal((5, 6)))
    found, gradient = loss_and_gradient(
        torch.from_numpy(features), torch.from_numpy(points), temperature
    )
    assert float(found) == pytest.approx(loss(features, points, points, temperature))
    for place in np.ndindex(points.shape):
        moved = [points.copy(), points.copy()]
        moved[0][place] -= 1e-6
        moved[1][place] += 1e-6
        below, above = (loss(features, one, points, temperature) for one in moved)
        assert float(gradient[place]) == pytest.approx((above - below) / 2e-6, abs=1e-5)


def test_slices_add_up() -> None:
    """More rows than a slice has, against all of them twice."""
    rng = np.random.default_rng(1)
    features = torch.from_numpy(unit(rng.standard_normal((1500, 6))))
    points = torch.from_numpy(unit(rng.standard_normal((7, 6))))
    once = loss_and_gradient(features, points, 0.07)
    twice = loss_and_gradient(torch.cat([features, features]), points, 0.07)
    assert all(torch.allclose(one, two) for one, two in zip(once, twice, strict=True))


def test_picks_spread_over_the_blobs(create: Any, feature_pool: Any, blobs: Any) -> None:
    """Random starts leave about a third of the blobs out; the loss moves points into them."""
    rng = np.random.default_rng(2)
    rows, of = blobs(rng, [30] * 10, apart=3, width=16)
    pool = feature_pool(rows)
    started, found = [], []
    for seed in range(3):
        start = np.random.default_rng(seed).choice(300, 10, replace=False)
        started.append(len(set(of[start])))
        sampler = create("sampler", "active-ft", learning_rate=0.02, steps=100)
        with controlled(seed):
            picks = sampler.query(pool, 10, np.random.default_rng(seed))
        found.append(len(set(of[picks])))
    assert np.mean(found) > np.mean(started) + 0.5


@pytest.mark.parametrize("budget", [1, 5, 40])
def test_no_repeats_with_duplicates(create: Any, feature_pool: Any, budget: int) -> None:
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((6, 5))[rng.integers(6, size=40)]
    picks = create("sampler", "active-ft", steps=20).query(feature_pool(rows), budget, rng)
    assert len(set(picks.tolist())) == budget


def test_it_needs_a_model_for_its_features_alone(create: Any) -> None:
    needs = create("sampler", "active-ft").needs
    assert (needs.representation, needs.model) == ("scenario", False)
    assert create("sampler", "active-ft", representation="task-model").needs.model

"""Coreset by mixed-integer programs. That the cover is right is tested in
``tests/unit/selection/test_mixed_integer.py``; here, what the plugin makes of it.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from alharness_plugins.samplers.coreset import Coreset
from alharness_plugins.samplers.coreset_mip import CoresetMipParameters
from pydantic import ValidationError
from scipy.spatial.distance import cdist


@pytest.fixture
def pool(array_pool: Any) -> Any:
    """60 images in a plane, 5 labeled; seed 0."""
    rows = np.random.default_rng(0).uniform(size=(65, 2)).astype(np.float32)
    return array_pool(60, embeddings=rows[5:], labeled_embeddings=rows[:5])


@pytest.fixture
def coreset_mip(create: Any) -> Any:
    return functools.partial(create, "sampler", "coreset-mip")


def distances(pool: Any, picks: np.ndarray) -> np.ndarray:
    """Of each image to its nearest center, by scipy, farthest first."""
    rows, labeled = pool.embeddings().double().numpy(), pool.embeddings("labeled").double().numpy()
    return -np.sort(-cdist(rows, np.concatenate([labeled, rows[picks]])).min(axis=1))


def test_covers_better_than_coreset_and_notes_by_how_much(coreset_mip: Any, pool: Any) -> None:
    sampler, rng = coreset_mip(), np.random.default_rng(0)
    reached = distances(pool, sampler.query(pool, 5, rng))[0]
    greedy = distances(pool, Coreset().query(pool, 5, rng))[0]
    assert reached < 0.95 * greedy
    assert sampler.notes == {
        "radius": pytest.approx(reached),
        "lower_bound": pytest.approx(reached),
        "gap": 0.0,
        "greedy_radius": pytest.approx(greedy),
        "outliers": 0,
        "ended": "optimal",
    }


def test_outliers_are_a_share_of_the_pool_rounded_down(coreset_mip: Any, pool: Any) -> None:
    sampler = coreset_mip(outliers=0.05999)
    picks = sampler.query(pool, 5, np.random.default_rng(0))
    assert sampler.notes["outliers"] == 3
    assert sampler.notes["radius"] == pytest.approx(distances(pool, picks)[3])
    assert sampler.notes["radius"] < distances(pool, picks)[2]


def test_without_pairs_it_is_coreset_with_a_gap(coreset_mip: Any, pool: Any) -> None:
    sampler, rng = coreset_mip(max_pairs=0), np.random.default_rng(0)
    assert sampler.query(pool, 5, rng).tolist() == Coreset().query(pool, 5, rng).tolist()
    assert sampler.notes["ended"] == "too many pairs"
    assert sampler.notes["gap"] == pytest.approx(0.5)


def test_features_are_not_normalized(coreset_mip: Any, array_pool: Any) -> None:
    pool = array_pool(
        2, embeddings=np.array([[100.0, 0.0], [0.0, 1.0]]), labeled_embeddings=np.array([[1.0, 0]])
    )
    assert coreset_mip().query(pool, 1, np.random.default_rng(0)).tolist() == [0]


def test_parameters() -> None:
    assert CoresetMipParameters().outliers == 1e-4
    for refused in ({"outliers": 1}, {"outliers": -1}, {"seconds": 0}, {"max_nodes": 0}):
        with pytest.raises(ValidationError):
            CoresetMipParameters(**refused)

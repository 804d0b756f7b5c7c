"""Random by predicted class. Independent source: shares by hand, within three deviations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from alharness_plugins.samplers.random_stratified import RandomStratified
from scipy.stats import chisquare

from alharness.testing.pools import Pools

SIZES = (100, 30, 10, 0)
"""Images that are predicted to be of each of four classes."""
N = sum(SIZES)


@pytest.fixture
def pool(array_pool: Any) -> Any:
    predicted = np.random.default_rng(5).permutation(np.repeat(range(4), SIZES))
    made = array_pool(N, probabilities=np.eye(4)[predicted] * 0.4 + 0.15)
    made.n_labeled, made.n_classes, made.predicted = 1, 4, predicted
    return made


@pytest.mark.parametrize("share", [1.0, 2 / 3, 1 / 3, 0.0])
def test_first_picks(pool: Any, share: float) -> None:
    draws, sampler = 3000, RandomStratified(share=share)
    picks = [int(sampler.query(pool, 1, np.random.default_rng(seed))[0]) for seed in range(draws)]
    expected = share / 3 + (1 - share) * np.array(SIZES[:3]) / N
    observed = np.bincount(pool.predicted[picks], minlength=4)
    deviations = np.sqrt(expected * (1 - expected) / draws)
    assert np.all(np.abs(observed[:3] / draws - expected) <= 3 * deviations)
    assert observed[3] == 0
    for label in range(3):  # within its class each image is equally likely
        members = np.flatnonzero(pool.predicted == label)
        counts = np.bincount(picks, minlength=N)[members]
        assert chisquare(counts).pvalue > 1e-3


def test_shares_of_a_batch_until_a_class_has_no_images_left(pool: Any) -> None:
    counts = np.zeros((200, 4))
    for seed in range(200):
        picks = RandomStratified(share=1.0).query(pool, 60, np.random.default_rng(seed))
        assert len(set(picks.tolist())) == 60
        counts[seed] = np.bincount(pool.predicted[picks], minlength=4)
    assert counts[:, 2].max() == 10
    # 20 of each class, of which the third lacks 10 almost always: the others share them.
    np.testing.assert_allclose(counts.mean(axis=0), [25, 25, 10, 0], atol=0.5)


def test_all_of_the_pool(pool: Any) -> None:
    picks = RandomStratified(share=1.0).query(pool, N, np.random.default_rng(0))
    assert sorted(picks.tolist()) == list(range(N))


def test_uniform_before_any_training() -> None:
    pool = Pools(RandomStratified.needs).before_training()
    counts = np.zeros(pool.n_unlabeled)
    for seed in range(500):
        counts[RandomStratified(share=1.0).query(pool, 20, np.random.default_rng(seed))] += 1
    assert chisquare(counts).pvalue > 1e-3

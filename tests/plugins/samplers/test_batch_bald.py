"""BatchBALD. Traps: masks that differ between images, p log p at p = 0.

Independent source: the joint entropy of a batch's labels by enumeration of all C^b outcomes in
plain loops; for more of them, the same with outcomes drawn.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.batch_bald import BatchBald, BatchBaldParameters
from scipy.stats import entropy

import alharness
from alharness import selection
from alharness.selection import batch_bald
from alharness.testing.pools import Pools

T = 5


def sampled_at_random(n: int, n_classes: int = 3, seed: int = 0) -> np.ndarray:
    """(T, n, C) float32."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(n_classes, 0.4), size=(T, n)).astype(np.float32)


def by_enumeration(sampled: np.ndarray, batch: tuple[int, ...]) -> float:
    """I(y of the batch; pass) in nats."""
    n_passes, _, n_classes = sampled.shape
    joint = 0.0
    for outcome in itertools.product(range(n_classes), repeat=len(batch)):
        probability = 0.0
        for one in sampled.astype(np.float64):
            probability += math.prod(one[i, y] for i, y in zip(batch, outcome, strict=True))
        probability /= n_passes
        joint -= probability * math.log(probability) if probability > 0 else 0.0
    given_pass = entropy(sampled.astype(np.float64), axis=2).mean(axis=0)
    return joint - float(sum(given_pass[i] for i in batch))


def greedy_by_enumeration(sampled: np.ndarray, budget: int) -> tuple[list[int], list[float]]:
    picks: list[int] = []
    information = []
    for _ in range(budget):
        left = [i for i in range(sampled.shape[1]) if i not in picks]
        scores = [by_enumeration(sampled, (*picks, i)) for i in left]
        picks.append(left[int(np.argmax(scores))])
        information.append(max(scores))
    return picks, information


def slices_of(sampled: np.ndarray, pool: Any) -> Any:
    return pool(sampled.shape[1], sampled=sampled).committee_probabilities()


@pytest.mark.parametrize("seed", range(3))
def test_equals_enumeration(array_pool: Any, seed: int) -> None:
    sampled = sampled_at_random(15, seed=seed)
    picks, nats = selection.greedy_batch_bald(
        slices_of(sampled, array_pool), 15, 3, np.random.default_rng(0)
    )
    expected, information = greedy_by_enumeration(sampled, 3)
    assert picks.tolist() == expected
    np.testing.assert_allclose(np.cumsum(nats), information, rtol=1e-6)
    assert np.all(np.diff(nats) <= 0)


def test_a_batch_of_one_is_bald(array_pool: Any) -> None:
    sampled = sampled_at_random(60)
    scores = selection.mutual_information(slices_of(sampled, array_pool), 60).numpy()
    picks, nats = selection.greedy_batch_bald(
        slices_of(sampled, array_pool), 60, 1, np.random.default_rng(0)
    )
    assert picks.tolist() == [int(scores.argmax())]
    assert nats[0] == pytest.approx(scores.max(), rel=1e-9)


@pytest.mark.parametrize("samples", [5, 20])
def test_drawn_outcomes_estimate_what_enumeration_gives(samples: int) -> None:
    """What a fourth image adds to three, which have 27 outcomes, without bias."""
    sampled = sampled_at_random(4, seed=3)
    estimates = []
    for seed in range(300):
        batch = batch_bald._Batch(torch.from_numpy(sampled), samples, np.random.default_rng(seed))
        for row in range(3):
            batch.add(row)
        estimates.append(batch.gains(np.array([3]))[0])
    deviation = np.std(estimates) / math.sqrt(300)
    expected = by_enumeration(sampled, (0, 1, 2, 3)) - by_enumeration(sampled, (0, 1, 2))
    assert 0.001 * expected < deviation < 0.05 * expected
    assert abs(np.mean(estimates) - expected) < 3.5 * deviation


def test_many_drawn_outcomes_come_near_to_all_of_them() -> None:
    """Passes that are nearly sure of other classes: those that outcomes come from decide."""
    sampled = sampled_at_random(5, seed=4) ** 3
    sampled /= sampled.sum(axis=2, keepdims=True)
    batch = batch_bald._Batch(torch.from_numpy(sampled), 200_000, np.random.default_rng(0))
    for row in range(3):
        batch.add(row)
    exact = batch.gains(np.array([3, 4]))
    batch._start_drawing()
    np.testing.assert_allclose(batch.gains(np.array([3, 4])), exact, rtol=5e-3)


def test_two_images_that_say_the_same_are_not_picked_together(array_pool: Any) -> None:
    """BALD's two best are copies; the batch takes one of them, and a third image."""
    informative = np.array([[0.99, 0.01], [0.99, 0.01], [0.01, 0.99], [0.01, 0.99]])
    other = np.array([[0.9, 0.1], [0.1, 0.9], [0.9, 0.1], [0.1, 0.9]])
    sampled = np.stack([informative, informative, other], axis=1)
    pool = array_pool(3, sampled=sampled)
    picks = BatchBald(passes=4, samples=100).query(pool, 2, np.random.default_rng(0))
    assert picks.tolist() == [0, 2]
    scores = selection.mutual_information(pool.committee_probabilities(), 3).tolist()
    assert scores[0] == scores[1] > scores[2]


@pytest.mark.parametrize("samples", [4, 10_000])
def test_saturated_passes_and_more_picks_than_information(array_pool: Any, samples: int) -> None:
    """One-hot rows: impossible outcomes are neither NaN nor counted; then positions fill up."""
    rng = np.random.default_rng(2)
    sampled = np.eye(3)[rng.integers(3, size=(T, 30))]
    sampled[:, 20:] = np.eye(3)[0]
    sampler = BatchBald(passes=T, samples=samples)
    pool = array_pool(30, sampled=sampled)
    picks = sampler.query(pool, 30, np.random.default_rng(0))
    assert sorted(picks.tolist()) == list(range(30))
    if samples > 4:
        different = len(np.unique(sampled.argmax(axis=2), axis=0))
        assert sampler.notes["information"] == pytest.approx(math.log(different), abs=1e-6)


def test_lazy_is_greedy_beyond_enumeration() -> None:
    """On the kit's own network and masks: each pick adds no more than the one before."""
    sampler = BatchBald(passes=10, samples=2000)
    pool = Pools(BatchBald.needs).ordinary()
    picks, nats = selection.greedy_batch_bald(
        pool.mc_probabilities(10), pool.n_unlabeled, 5, np.random.default_rng(0), samples=2000
    )
    assert np.all(np.diff(nats) <= 1e-12)
    assert len(set(picks.tolist())) == 5
    sampler.query(pool, 5, np.random.default_rng(0))
    assert 0 < sampler.notes["information"] <= math.log(10)


def test_what_is_refused(array_pool: Any) -> None:
    assert BatchBaldParameters().model_dump() == {"passes": 25, "samples": 10_000}
    sampled = sampled_at_random(4)
    for budget, samples in ((0, 1), (5, 1), (1, 0)):
        with pytest.raises(alharness.HarnessError, match="BatchBALD"):
            selection.greedy_batch_bald(
                slices_of(sampled, array_pool), 4, budget, np.random.default_rng(0), samples=samples
            )

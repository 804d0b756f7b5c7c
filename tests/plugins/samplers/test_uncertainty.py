"""Least confidence, entropy, DBAL, BALD.

Published traps (docs/traps.md): an acquisition upside down (2), p log p at 0 (9), ties decided by
row order (10), one method under two names (22). Independent sources: scipy.stats.entropy
and scipy.special.xlogy, in float64.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from alharness_plugins.samplers.bald import Bald, BaldParameters
from alharness_plugins.samplers.dbal import Dbal, DbalParameters
from alharness_plugins.samplers.entropy import Entropy
from alharness_plugins.samplers.least_confidence import LeastConfidence
from alharness_plugins.samplers.margin import Margin
from pydantic import ValidationError
from scipy.special import xlogy
from scipy.stats import entropy, rankdata

T = 5


def sampled_at_random(n: int, seed: int = 0) -> np.ndarray:
    """(T, n, 10) float32."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(10, 0.5), size=(T, n)).astype(np.float32)


def by_scipy(sampled: np.ndarray) -> dict[type, np.ndarray]:
    """What each sampler scores, by definition; without dropout on the first pass."""
    exact = sampled.astype(np.float64)
    first, mean = exact[0], exact.mean(axis=0)
    expected = -xlogy(exact, exact).sum(axis=2).mean(axis=0)
    return {
        LeastConfidence: 1 - np.sort(first, axis=1)[:, -1],
        Entropy: entropy(first, axis=1),
        Dbal: entropy(mean, axis=1),
        Bald: -xlogy(mean, mean).sum(axis=1) - expected,
    }


SAMPLERS: list[type] = [LeastConfidence, Entropy, Dbal, Bald]


def make(sampler: type, passes: int = T) -> Any:
    return sampler(passes=passes) if sampler in (Dbal, Bald) else sampler()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_equals_scipy_and_takes_the_highest(sampler: type, array_pool: Any) -> None:
    sampled = sampled_at_random(200)
    pool = array_pool(200, probabilities=sampled[0], sampled=sampled)
    reference = by_scipy(sampled)[sampler]
    np.testing.assert_allclose(make(sampler).scores(pool), reference, rtol=1e-6, atol=1e-6)
    picks = make(sampler).query(pool, 30, np.random.default_rng(1))
    assert set(picks.tolist()) == set(np.argsort(-reference)[:30].tolist())


def in_plain_loops(sampled: np.ndarray) -> dict[type, list[float]]:
    """What each sampler scores, row by row in Python's floats, sums correctly rounded."""

    def entropy_of(p: list[float]) -> float:
        return -math.fsum(x * math.log(x) for x in p if x > 0)

    scored: dict[type, list[float]] = {one: [] for one in SAMPLERS}
    for row in range(sampled.shape[1]):
        passes = [[float(x) for x in one] for one in sampled[:, row]]
        mean = [math.fsum(column) / len(passes) for column in zip(*passes, strict=True)]
        expected = math.fsum(map(entropy_of, passes)) / len(passes)
        scored[LeastConfidence].append(1 - max(passes[0]))
        scored[Entropy].append(entropy_of(passes[0]))
        scored[Dbal].append(entropy_of(mean))
        scored[Bald].append(entropy_of(mean) - expected)
    return scored


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_equals_plain_loops_where_the_model_is_nearly_sure(sampler: type, array_pool: Any) -> None:
    """Softmax of large logits, with exact zeros and the smallest floats among them.

    An ε in the logarithm, or float32 sums, would be off by more than the scores are apart.
    """
    logits = 30 * np.random.default_rng(3).standard_normal((T, 150, 10))
    p = np.exp(logits - logits.max(axis=2, keepdims=True))
    sampled = (p / p.sum(axis=2, keepdims=True)).astype(np.float32)
    sampled[sampled < 1e-30] = 0
    sampled[0, 0, np.argmin(sampled[0, 0])] = 1e-45
    pool = array_pool(150, probabilities=sampled[0], sampled=sampled)
    reference = np.array(in_plain_loops(sampled)[sampler])
    np.testing.assert_allclose(make(sampler).scores(pool), reference, rtol=1e-9, atol=1e-15)
    picks = make(sampler).query(pool, 40, np.random.default_rng(0))
    assert reference[picks].min() >= np.delete(reference, picks).max() - 1e-15


def test_by_hand(array_pool: Any) -> None:
    p = np.array([[0.75, 0.25, 0.0], [0.5, 0.25, 0.25], [1.0, 0.0, 0.0]])
    pool = array_pool(3, probabilities=p, sampled=np.stack([p, p[:, ::-1]]))
    log2, log3 = math.log(2), math.log(3)
    # Of H: ¾, ¼ · ½, ¼, ¼. Of the mean with the mirrored row: ⅜, ¼, ⅜ (twice) · ½, ½.
    entropies = [2 * log2 - 0.75 * log3, 1.5 * log2, 0.0]
    of_mean = [2.75 * log2 - 0.75 * log3, 2.75 * log2 - 0.75 * log3, log2]
    information = [mean - one for mean, one in zip(of_mean, entropies, strict=True)]
    for sampler, expected in [
        (LeastConfidence(), [0.25, 0.5, 0.0]),
        (Entropy(), entropies),
        (Dbal(passes=2), of_mean),
        (Bald(passes=2), information),
    ]:
        assert sampler.scores(pool).tolist() == pytest.approx(expected, abs=1e-12)


def test_bald_takes_the_most_informative(array_pool: Any) -> None:
    """Published trap 2. Passes give class 0 the probability ½ + d or ½ - d: the information
    is known, H(½) - H(½ + d), and grows with d. DBAL cannot tell these rows apart."""
    shift = np.random.default_rng(0).permutation(np.linspace(0, 0.48, 40))
    row = np.stack([0.5 + shift, 0.5 - shift], axis=1)
    pool = array_pool(40, sampled=np.stack([row, row[:, ::-1]] * 2))
    known = math.log(2) - entropy(row, axis=1)
    assert np.array_equal(rankdata(known), rankdata(shift))
    sampler = Bald(passes=4)
    np.testing.assert_allclose(sampler.scores(pool), known, atol=1e-6)
    picks = sampler.query(pool, 5, np.random.default_rng(0))
    assert set(picks.tolist()) == set(np.argsort(-shift)[:5].tolist())
    np.testing.assert_allclose(Dbal(passes=4).scores(pool), math.log(2), rtol=1e-6)


def test_bald_does_not_want_what_is_merely_noisy(array_pool: Any) -> None:
    """Passes that agree on a uniform row carry no information; DBAL wants it most."""
    noisy, disputed = [[0.5, 0.5]] * 2, [[0.9, 0.1], [0.2, 0.8]]
    pool = array_pool(2, sampled=np.array([noisy, disputed]).transpose(1, 0, 2))
    assert Bald(passes=2).query(pool, 1, np.random.default_rng(0)).tolist() == [1]
    assert Dbal(passes=2).query(pool, 1, np.random.default_rng(0)).tolist() == [0]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_saturated_rows_rank_last(sampler: type, array_pool: Any) -> None:
    """Published trap 9: 0 log 0 is 0, neither NaN nor first."""
    sampled = sampled_at_random(60)
    sampled[:, 20:40] = np.eye(10)[np.arange(20) % 10]
    pool = array_pool(60, probabilities=sampled[0], sampled=sampled)
    scores = np.asarray(make(sampler).scores(pool))
    assert np.array_equal(scores[20:40], np.zeros(20))
    picks = make(sampler).query(pool, 40, np.random.default_rng(0))
    assert not set(picks.tolist()) & set(range(20, 40))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_ties_are_drawn_and_their_share_recorded(sampler: type, array_pool: Any) -> None:
    """Published trap 10. The first row is better than all others, which are alike."""
    best, alike = [[0.5, 0.5], [0.9, 0.1]], [[0.8, 0.2], [0.7, 0.3]]
    sampled = np.stack([best, *[alike] * 40], axis=1)
    pool = array_pool(41, probabilities=sampled[0], sampled=sampled)
    drawn = set()
    for seed in range(8):
        one = make(sampler, 2)
        picks = one.query(pool, 5, np.random.default_rng(seed)).tolist()
        assert picks[0] == 0
        assert one.share_of_ties == 4 / 5
        drawn.add(tuple(picks))
    assert len(drawn) == 8


def test_no_two_samplers_rank_alike(array_pool: Any) -> None:
    """Published trap 22: one method under two names. Ranks, as scale decides nothing."""
    sampled = sampled_at_random(300)
    pool = array_pool(300, probabilities=sampled[0], sampled=sampled)
    ranks = {one.__name__: rankdata(make(one).scores(pool)) for one in [Margin, *SAMPLERS]}
    for (name, first), (other, second) in itertools.combinations(ranks.items(), 2):
        assert not np.array_equal(first, second), f"{name} is {other}"


def test_passes_are_a_parameter() -> None:
    assert (DbalParameters().passes, BaldParameters().passes) == (25, 25)
    DbalParameters(passes=1)
    for refused in (lambda: DbalParameters(passes=0), lambda: BaldParameters(passes=1)):
        with pytest.raises(ValidationError):
            refused()

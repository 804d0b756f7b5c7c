"""PowerBALD. Traps: the logarithm of a negative or zero score, which a NaN then ranks first; a
batch drawn uniformly where few scores are positive.

Independent source: the probability of each sequence of draws without replacement, by
enumeration, in proportion to the scores that scipy's entropy gives; held by chi-square.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
from alharness_plugins.samplers.power_bald import PowerBald, PowerBaldParameters
from pydantic import ValidationError
from scipy.stats import chisquare, entropy, rankdata

T = 4


def sampled_at_random(n: int, seed: int = 0) -> np.ndarray:
    """(T, n, 3) float32."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(3, 0.7), size=(T, n)).astype(np.float32)


def information(sampled: np.ndarray) -> np.ndarray:
    """BALD's scores by scipy, (n,)."""
    exact = sampled.astype(np.float64)
    return entropy(exact.mean(axis=0), axis=1) - entropy(exact, axis=2).mean(axis=0)


def drawn(pool: Any, budget: int, draws: int, **parameters: Any) -> list[tuple[int, ...]]:
    sampler = PowerBald(**{"passes": T, "beta": 1.0, "kind": "power"} | parameters)
    return [
        tuple(sampler.query(pool, budget, np.random.default_rng(seed)).tolist())
        for seed in range(draws)
    ]


@pytest.mark.parametrize(
    ("kind", "beta"), [("power", 1.0), ("power", 2.5), ("softmax", 3.0), ("softrank", 1.0)]
)
def test_frequencies_of_the_picks(array_pool: Any, kind: str, beta: float) -> None:
    sampled = sampled_at_random(6)
    scores = information(sampled)
    weights = {
        "power": scores**beta,
        "softmax": np.exp(beta * scores),
        "softrank": rankdata(-scores) ** -beta,
    }[kind]
    draws = 6000
    sequences = drawn(array_pool(6, sampled=sampled), 2, draws, kind=kind, beta=beta)
    first = np.bincount([one[0] for one in sequences], minlength=6)
    assert chisquare(first, draws * weights / weights.sum()).pvalue > 1e-3
    counts, observed, expected = Counter(sequences), [], []
    for one, other in itertools.permutations(range(6), 2):
        share = weights[one] / weights.sum() * weights[other] / (weights.sum() - weights[one])
        observed.append(counts[one, other])
        expected.append(draws * share)
    often = np.array(expected) >= 5
    rest = [np.sum(observed, where=~often), np.sum(expected, where=~often)]
    observed = [*np.array(observed)[often], *([rest[0]] if rest[1] else [])]
    expected = [*np.array(expected)[often], *([rest[1]] if rest[1] else [])]
    assert chisquare(observed, np.array(expected) * draws / np.sum(expected)).pvalue > 1e-3


@pytest.mark.parametrize("kind", ["power", "softmax", "softrank"])
def test_hardly_any_noise_is_bald(array_pool: Any, kind: str) -> None:
    sampled = sampled_at_random(100)
    highest = np.argsort(-information(sampled))[:20]
    (picks,) = drawn(array_pool(100, sampled=sampled), 20, 1, kind=kind, beta=1e6)
    assert picks == tuple(highest.tolist())


def test_images_without_information_only_fill_up(array_pool: Any) -> None:
    """One-hot rows that all passes agree on score exactly 0: neither NaN nor ever drawn first."""
    sampled = sampled_at_random(12)
    sampled[:, 4:] = np.eye(3)[np.arange(8) % 3]
    assert np.array_equal(information(sampled)[4:], np.zeros(8))
    fills = set()
    for picks in drawn(array_pool(12, sampled=sampled), 7, 30):
        assert set(picks[:4]) == set(range(4))
        assert len(set(picks)) == 7
        fills.add(picks[4:])
    assert len(fills) > 20


def test_all_of_a_pool_without_information(array_pool: Any) -> None:
    sampled = np.full((T, 9, 3), 1 / 3)
    for picks in drawn(array_pool(9, sampled=sampled), 9, 5):
        assert sorted(picks) == list(range(9))


def test_parameters() -> None:
    assert PowerBaldParameters().model_dump() == {"passes": 25, "beta": 1.0, "kind": "power"}
    for refused in ({"beta": 0}, {"passes": 1}, {"kind": "rank"}):
        with pytest.raises(ValidationError):
            PowerBaldParameters(**refused)

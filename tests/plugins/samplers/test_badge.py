"""BADGE. Traps: an embedding without its label term (3), a distance with an epsilon (14), the
minimum distance started anew, origins as centers, chosen rows drawn again.

Independent sources: autograd's gradient of the last layer, distances of explicit outer products,
and for the order of drawing every sequence's probability by enumeration, held by chi-square.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.badge import Badge
from scipy.spatial.distance import cdist
from scipy.stats import chisquare
from torch.nn.functional import cross_entropy

import alharness
from alharness.selection import d_squared, d_squared_sampling
from alharness.testing.pools import Pools


def factors(n: int, n_classes: int = 4, width: int = 3, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(n_classes), size=n)
    errors = p - np.eye(n_classes)[p.argmax(axis=1)]
    embeddings = rng.gamma(1.0, size=(n, width))
    return (
        torch.tensor(errors, dtype=torch.float32),
        torch.tensor(embeddings, dtype=torch.float32),
    )


def explicit(errors: torch.Tensor, embeddings: torch.Tensor) -> np.ndarray:
    """The gradients themselves, (n, C * D) float64."""
    return np.einsum("ic,id->icd", errors.double().numpy(), embeddings.double().numpy()).reshape(
        len(errors), -1
    )


def test_embeddings_are_autograds_gradient_of_the_last_layer() -> None:
    """Published trap 3: the error is p less the one-hot of the predicted class."""
    pool = Pools().ordinary(20)
    errors, embeddings = pool.gradient_factors()
    predicted = pool.probabilities().argmax(dim=1)
    for row in range(pool.n_unlabeled):
        head = pool.head()
        cross_entropy(head(pool.embeddings()[[row]]), predicted[[row]]).backward()
        by_autograd = dict(head.named_parameters())["weight"].grad
        ours = torch.outer(errors[row], embeddings[row])
        torch.testing.assert_close(ours, by_autograd, rtol=1e-4, atol=1e-6)


def test_distances_are_those_of_the_explicit_gradients() -> None:
    errors, embeddings = factors(40)
    gradients = d_squared._Gradients(errors, embeddings)
    rows = explicit(errors, embeddings)
    squared = gradients.squared_distances(slice(None), np.arange(40))
    np.testing.assert_allclose(squared, cdist(rows, rows, "sqeuclidean"), rtol=1e-4, atol=1e-6)


def probabilities_of_sequences(rows: np.ndarray, budget: int) -> dict[tuple[int, ...], float]:
    """Of each order in which ``budget`` rows can be drawn: the longest, then by D²."""
    squared = cdist(rows, rows, "sqeuclidean")
    first = int((rows**2).sum(axis=1).argmax())
    found = {}
    for rest in itertools.permutations(set(range(len(rows))) - {first}, budget - 1):
        probability, drawn = 1.0, [first]
        for one in rest:
            nearest = squared[:, drawn].min(axis=1)
            probability *= nearest[one] / nearest.sum()
            drawn.append(one)
        found[tuple(drawn)] = probability
    return found


@pytest.mark.parametrize(("lacking", "refused"), [(64, 16), (1, 1), (2, 1)])
def test_frequencies_of_the_picks(
    monkeypatch: pytest.MonkeyPatch, lacking: int, refused: int
) -> None:
    """Bounds that lack up to three rows, none, and some: the distribution is the same."""
    monkeypatch.setattr(d_squared, "_LACKING", lacking)
    monkeypatch.setattr(d_squared, "_REFUSED", refused)
    errors, embeddings = factors(6)
    expected = probabilities_of_sequences(explicit(errors, embeddings), 4)
    draws = 2500
    drawn = Counter(
        tuple(d_squared_sampling(errors, embeddings, 4, np.random.default_rng(seed)).tolist())
        for seed in range(draws)
    )
    assert set(drawn) <= set(expected)
    assert min(expected.values()) * draws > 5
    observed = [drawn[one] for one in expected]
    assert chisquare(observed, draws * np.array(list(expected.values()))).pvalue > 1e-3


def test_second_pick_is_in_proportion_to_the_squared_distance() -> None:
    errors, embeddings = factors(40, seed=1)
    rows = explicit(errors, embeddings)
    first = int((rows**2).sum(axis=1).argmax())
    squared = ((rows - rows[first]) ** 2).sum(axis=1)
    draws = 2000
    counts = np.zeros(40)
    for seed in range(draws):
        picks = d_squared_sampling(errors, embeddings, 2, np.random.default_rng(seed))
        assert picks[0] == first
        counts[picks[1]] += 1
    assert counts[first] == 0
    others = np.arange(40) != first
    expected = draws * squared[others] / squared.sum()
    assert chisquare(counts[others], expected).pvalue > 1e-3


def test_large_pools_meet_many_rows_at_once() -> None:
    """Potential after so many draws, against plain k-means++ on the explicit gradients."""
    errors, embeddings = factors(600, 5, 8)
    rows = explicit(errors, embeddings)

    def potential(picks: np.ndarray) -> float:
        return float(cdist(rows, rows[picks], "sqeuclidean").min(axis=1).sum())

    def plain(seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        picks = [int((rows**2).sum(axis=1).argmax())]
        nearest = ((rows - rows[picks[0]]) ** 2).sum(axis=1)
        while len(picks) < 80:
            picks.append(int(rng.choice(600, p=nearest / nearest.sum())))
            nearest = np.minimum(nearest, ((rows - rows[picks[-1]]) ** 2).sum(axis=1))
        return np.array(picks)

    ours = [
        potential(d_squared_sampling(errors, embeddings, 80, np.random.default_rng(seed)))
        for seed in range(12)
    ]
    theirs = [potential(plain(seed)) for seed in range(12)]
    spread = np.hypot(np.std(ours), np.std(theirs)) / np.sqrt(12)
    assert abs(np.mean(ours) - np.mean(theirs)) < 4 * spread


def test_duplicates_are_drawn_last_and_no_row_twice() -> None:
    errors, embeddings = factors(10)
    copies = np.tile(np.arange(10), 6)
    for seed in range(20):
        picks = d_squared_sampling(
            errors[copies], embeddings[copies], 60, np.random.default_rng(seed)
        )
        assert sorted(picks.tolist()) == list(range(60))
        assert len(set(copies[picks[:10]].tolist())) == 10


def test_gradients_that_are_all_zero_are_drawn_uniformly() -> None:
    embeddings = factors(8)[1]
    counts = np.zeros(8)
    for seed in range(800):
        picks = d_squared_sampling(torch.zeros(8, 4), embeddings, 3, np.random.default_rng(seed))
        assert len(set(picks.tolist())) == 3
        counts[picks] += 1
    assert chisquare(counts).pvalue > 1e-3


def test_a_sure_image_is_at_the_distance_of_the_others_length() -> None:
    """A gradient of zero is no center: its D² is the squared length of what was drawn."""
    errors, embeddings = factors(2)
    errors[1] = 0
    assert d_squared_sampling(errors, embeddings, 2, np.random.default_rng(0)).tolist() == [0, 1]


def test_the_sampler_draws_from_the_pools_gradients() -> None:
    pool = Pools().ordinary()
    picks = Badge().query(pool, 30, np.random.default_rng(3))
    expected = d_squared_sampling(*pool.gradient_factors(), 30, np.random.default_rng(3))
    assert picks.tolist() == expected.tolist()
    norms = torch.linalg.vector_norm(
        torch.einsum("ic,id->icd", *pool.gradient_factors()), dim=(1, 2)
    )
    assert picks[0] == int(norms.argmax())


@pytest.mark.parametrize("spoil", ["budget", "rows", "nan"])
def test_what_is_refused(spoil: str) -> None:
    errors, embeddings = factors(5)
    budget = 6 if spoil == "budget" else 2
    embeddings = embeddings[:4] if spoil == "rows" else embeddings
    errors[0, 0] = torch.nan if spoil == "nan" else 0
    with pytest.raises(alharness.HarnessError, match="D² sampling"):
        d_squared_sampling(errors, embeddings, budget, np.random.default_rng(0))

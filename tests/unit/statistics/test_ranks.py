"""Ranks against every pair compared on its own, Holm's recipe, and symmetries."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alharness.statistics import Rank, Verdict, compare, marks, ranks

few = settings(max_examples=20, deadline=None)
NAN = np.nan
NAMES = ("random", "margin", "coreset", "bald")
thousandths = st.integers(0, 1000).map(lambda n: n / 1000)
sets = arrays(np.float64, (4, 4, 2), elements=thousandths | st.just(NAN))
spread = st.integers(0, 10_000).map(
    lambda seed: (
        np.random.default_rng(seed).normal(0.7, 0.01, (4, 5, 2))
        + np.random.default_rng(seed).normal(0, 0.03, (4, 1, 1))
    )
)


def named(arrays):
    return dict(zip(NAMES, arrays, strict=True))


def slow_beats(endpoints):
    """Holm (1979) as a recipe over ``compare`` of every pair: (better, worse) names."""
    found = {
        pair: compare(*(endpoints[name] for name in pair)) for pair in combinations(endpoints, 2)
    }
    p = {pair: 1.0 if one.p_value is None else one.p_value for pair, one in found.items()}
    beats = set()
    while p:
        pair = min(p, key=p.__getitem__)
        if p[pair] >= 0.05 / len(p):
            break
        beats.add(pair if found[pair].difference > 0 else pair[::-1])
        del p[pair]
    return beats


@few
@given(sets | spread)
def test_every_pair_on_its_own(values):
    endpoints = named(values)
    beats = slow_beats(endpoints)
    ranking = ranks(endpoints)
    assert ranking.n_pairs == 6
    for name, one in ranking.ranks.items():
        assert one.better == tuple(other for other in NAMES if (other, name) in beats)
        assert one.worse == tuple(other for other in NAMES if (name, other) in beats)
        assert one.rank in (None, 1 + len(one.better))
        others = [endpoints[other] for other in NAMES if other != name]
        verdicts = {compare(endpoints[name], other).verdict for other in others}
        assert (one.rank is None) == (verdicts == {Verdict.NOT_TESTABLE})


def test_by_hand():
    # Spreads alike, means 3, 2, 1.9, 0 apart: b and c tie behind a, d is last of all.
    noise = np.array([-1.5, -0.5, 0.5, 1.5, 0.0])[:, None] * 0.01
    others = np.array([0.4, -0.9, 0.6, -0.3, 0.2])[:, None] * 0.01
    endpoints = {
        "c": 1.9 + others,
        "a": 3.0 + noise,
        "d": np.zeros((5, 1)),
        "b": 2.0 + noise * [[1], [-1], [1], [-1], [40]],
    }
    endpoints["b"] = 1.9 + others + noise * 3  # overlaps with c
    ranking = ranks(endpoints)
    assert ranking.ranks["a"] == Rank(1, (), ("c", "d", "b"))
    assert ranking.ranks["b"] == Rank(2, ("a",), ("d",))
    assert ranking.ranks["c"] == Rank(2, ("a",), ("d",))
    assert ranking.ranks["d"] == Rank(4, ("c", "a", "b"), ())


@few
@given(sets | spread)
def test_p_values_are_those_of_the_pairs_in_order(values):
    endpoints = named(values)
    ranking = ranks(endpoints)
    np.testing.assert_array_equal(ranking.p_values, ranking.p_values.T)
    assert np.isnan(np.diag(ranking.p_values)).all()
    for a, b in combinations(range(4), 2):
        alone = compare(values[a], values[b]).p_value
        if alone is None:
            assert np.isnan(ranking.p_values[a, b])
        else:
            assert alone * (1 - 1e-9) <= ranking.p_values[a, b] <= min(1, 6 * alone) * (1 + 1e-9)
            rejected = NAMES[b] in ranking.ranks[NAMES[a]].better + ranking.ranks[NAMES[a]].worse
            assert rejected == (ranking.p_values[a, b] < 0.05)


@few
@given(spread, st.permutations(range(4)))
def test_the_order_of_methods_does_not_matter(values, order):
    endpoints = named(values)
    shuffled = ranks({NAMES[k]: values[k] for k in order}).ranks
    for name, one in ranks(endpoints).ranks.items():
        assert shuffled[name].rank == one.rank
        assert set(shuffled[name].better) == set(one.better)


@few
@given(sets | spread, st.floats(-1, 1))
def test_shift_and_unit_make_no_difference(values, shift):
    one, other = ranks(named(values)), ranks(named(100 * (values + shift)))
    np.testing.assert_allclose(other.p_values, one.p_values, rtol=1e-6, atol=1e-9)


@few
@given(spread)
def test_turned_round_the_best_is_the_worst(values):
    one, other = ranks(named(values)), ranks(named(-values))
    for name in NAMES:
        assert other.ranks[name].better == one.ranks[name].worse


def test_missing_pairs_are_dropped_from_both():
    method, reference = np.random.default_rng(4).normal(0.7, 0.01, (2, 5, 3))
    method += 0.02
    method[0, 1] = reference[2, 2] = NAN
    ranking = ranks({"random": reference, "margin": method})
    assert ranking.p_values[0, 1] == pytest.approx(compare(method, reference).p_value)


def test_a_method_without_runs_has_no_rank_and_its_pairs_count():
    values = np.random.default_rng(1).normal(0.7, 0.01, (4, 5, 2))
    values[3] = NAN
    ranking = ranks(named(values))
    assert ranking.ranks["bald"] == Rank(None, (), ())
    assert {ranking.ranks[name].rank for name in NAMES[:3]} == {1}
    of_three = ranks(dict(zip(NAMES[:3], values[:3], strict=True)))
    # The smallest p counts six hypotheses, three of them unknown.
    smallest = np.nanmin(of_three.p_values)
    assert np.nanmin(ranking.p_values) == pytest.approx(min(1, 2 * smallest))


def test_methods_that_share_no_initial_sets():
    values = np.random.default_rng(1).normal(0.7, 0.01, (2, 6, 1))
    values[0, :3], values[1, 3:] = NAN, NAN
    assert {one.rank for one in ranks({"a": values[0], "b": values[1]}).ranks.values()} == {None}


def test_equal_methods_tie():
    values = np.random.default_rng(1).normal(0.7, 0.01, (5, 1))
    ranking = ranks({"a": values, "b": values})
    assert [one.rank for one in ranking.ranks.values()] == [1, 1]
    assert np.isnan(ranking.p_values).all()


def test_sets_of_none_and_of_one():
    assert (ranks({}).ranks, ranks({}).p_values.shape, ranks({}).n_pairs) == ({}, (0, 0), 0)
    alone = ranks({"random": np.full((5, 1), 0.5)})
    assert (alone.ranks, alone.n_pairs) == ({"random": Rank(None, (), ())}, 0)


@few
@given(spread, st.integers(0, 10_000))
def test_adding_a_method_may_change_ranks_but_no_verdict_or_mark(values, seed):
    # A verdict and marks are made from two methods; a rank from a named set.
    def found(endpoints):
        reference = endpoints["random"]
        ranks(endpoints)
        return {
            name: (compare(one, reference), marks(one[..., None], reference[..., None]))
            for name, one in endpoints.items()
        }

    before = found(named(values))
    after = found(named(values) | {"new": np.random.default_rng(seed).normal(0.7, 0.1, (5, 2))})
    assert {name: after[name] for name in NAMES} == before


def test_a_rank_may_change_when_a_method_is_added():
    rng = np.random.default_rng(0)
    base = rng.normal(0.7, 0.02, (5, 1))
    z = np.array([-1.5, -0.5, 0.5, 1.5, 0.0])[:, None]
    # t = 3.5 with four degrees of freedom, p = 0.025: holds alone, not among three pairs.
    endpoints = {"random": base, "margin": base + 0.01 * (z + 3.5 * z.std(ddof=1) / np.sqrt(5))}
    assert ranks(endpoints).ranks["random"].rank == 2
    crowded = endpoints | {"new": base + rng.normal(0, 0.1, (5, 1))}
    assert ranks(crowded).ranks["random"].rank == 1


def test_equal_methods_get_ranks_apart_in_at_most_five_percent():
    rng = np.random.default_rng(5)
    n = 300
    runs = rng.normal(0.7, 0.02, (n, 1, 9, 1)) + rng.normal(0, 0.01, (n, 4, 9, 1))
    apart = [any(one.better for one in ranks(named(values)).ranks.values()) for values in runs]
    # Binomial standard error at 5 % of 300: 1.3 %. Without Holm it is 22 %.
    assert np.mean(apart) < 0.09


def test_the_best_of_many():
    rng = np.random.default_rng(0)
    base = rng.normal(0, 0.02, (25, 1))
    endpoints = {f"m{k}": base + rng.normal(0.001 * k, 0.01, (25, 1)) for k in range(200)}
    ranking = ranks(endpoints)
    assert ranking.n_pairs == 19_900
    assert ranking.ranks["m199"].rank == 1
    assert ranking.ranks["m0"].rank > 150


def test_refuses_what_is_not_aligned():
    with pytest.raises(ValueError, match="shapes"):
        ranks({"a": np.zeros((3, 2)), "b": np.zeros((3, 3))})
    with pytest.raises(ValueError, match="infinite"):
        ranks({"a": np.zeros((3, 2)), "b": np.full((3, 2), np.inf)})

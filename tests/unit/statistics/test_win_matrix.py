"""The win matrix against marks of every pair, and symmetries."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alharness.statistics import Verdict, marks, win_matrix

few = settings(max_examples=20, deadline=None)
NAN = np.nan
NAMES = ("random", "margin", "coreset")
thousandths = st.integers(0, 1000).map(lambda n: n / 1000)
sparse = arrays(np.float64, (3, 4, 2, 3), elements=thousandths | st.just(NAN))
spread = st.integers(0, 10_000).map(
    lambda seed: (
        np.random.default_rng(seed).normal(0.7, 0.01, (3, 5, 2, 3))
        + np.random.default_rng(seed).normal(0, 0.03, (3, 1, 1, 3))
    )
)


def named(values):
    return dict(zip(NAMES, values, strict=True))


@few
@given(sparse | spread)
def test_an_entry_is_the_share_of_marks(values):
    wins = win_matrix(named(values)).wins
    assert np.isnan(np.diag(wins)).all()
    for a, b in combinations(range(3), 2):
        found = marks(values[a], values[b])
        tested = any(mark.p_value is not None for mark in found)
        for at, word in [((a, b), Verdict.BETTER), ((b, a), Verdict.WORSE)]:
            share = sum(mark.verdict is word for mark in found) / 3
            assert wins[at] == share if tested else np.isnan(wins[at])


def test_by_hand():
    z = np.array([-1.5, -0.5, 0.5, 1.5, 0.0])[:, None] * 0.01
    gains = np.array([0.0, 1.0, 2.0, -1.0])
    # b against a: nothing at the first budget, ahead at two, behind at one.
    matrix = win_matrix({"a": np.zeros((5, 1, 4)), "b": z[..., None] + gains})
    assert matrix.names == ("a", "b")
    np.testing.assert_array_equal(matrix.wins, [[NAN, 0.25], [0.5, NAN]])
    np.testing.assert_array_equal(matrix.won, [0.25, 0.5])
    np.testing.assert_array_equal(matrix.lost, [0.5, 0.25])


@few
@given(sparse | spread)
def test_wins_and_losses_are_shares_of_the_same_budgets(values):
    matrix = win_matrix(named(values))
    both = matrix.wins + matrix.wins.T
    assert (np.isnan(both) | ((both >= 0) & (both <= 1))).all()
    np.testing.assert_array_equal(np.isnan(matrix.won), np.isnan(matrix.lost))
    np.testing.assert_allclose(np.nansum(matrix.wins), np.nansum(matrix.wins.T))


@few
@given(sparse | spread)
def test_an_entry_depends_on_its_two_methods_alone(values):
    whole = win_matrix(named(values)).wins
    alone = win_matrix({name: named(values)[name] for name in NAMES[:2]}).wins
    np.testing.assert_array_equal(whole[:2, :2], alone)


@few
@given(sparse | spread, st.permutations(range(3)))
def test_the_order_of_methods_does_not_matter(values, order):
    shuffled = win_matrix({NAMES[k]: values[k] for k in order}).wins
    np.testing.assert_array_equal(shuffled, win_matrix(named(values)).wins[np.ix_(order, order)])


@few
@given(spread, st.floats(-1, 1))
def test_shift_and_unit_make_no_difference(values, shift):
    one, other = win_matrix(named(values)), win_matrix(named(100 * (values + shift)))
    np.testing.assert_array_equal(one.wins, other.wins)


def test_a_budget_that_cannot_be_tested_is_no_win():
    values = np.random.default_rng(0).normal(0.7, 0.001, (2, 5, 1, 2))
    values[1] += 0.1
    values[0, ..., 1] = NAN
    np.testing.assert_array_equal(
        win_matrix({"a": values[0], "b": values[1]}).wins, [[NAN, 0.0], [0.5, NAN]]
    )


def test_nothing_to_compare():
    assert win_matrix({}).wins.shape == (0, 0)
    alone = win_matrix({"a": np.zeros((5, 1, 2))})
    assert (alone.wins.shape, np.isnan(alone.won).all()) == ((1, 1), True)
    few = win_matrix({"a": np.zeros((2, 1, 2)), "b": np.ones((2, 1, 2))})
    assert np.isnan(few.wins).all()
    assert np.isnan(win_matrix({"a": np.zeros((5, 1, 0)), "b": np.ones((5, 1, 0))}).wins).all()


def test_false_wins_of_a_pair_are_those_of_one_question():
    # Two methods alike, five budgets with errors of their own: some win in 5 % of pairs.
    rng = np.random.default_rng(3)
    methods = {f"m{k}": rng.normal(0.7, 0.01, (9, 1, 5)) for k in range(60)}
    wins = win_matrix(methods).wins
    pairs = np.triu(wins + wins.T > 0, 1).sum()
    # 1770 pairs that share methods; without Holm it would be 23 %.
    assert pairs / 1770 == pytest.approx(0.05, abs=0.025)

"""Equivalence against two one-sided tests of SciPy, hand-worked numbers and symmetries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from alharness.statistics import Equivalence, Verdict, compare, equivalence

few = settings(max_examples=20, deadline=None)
NAN = np.nan
thousandths = st.integers(0, 1000).map(lambda n: n / 1000)
pairs = arrays(np.float64, (2, 4, 3), elements=thousandths | st.just(NAN))
margins = st.floats(0.001, 1)


def test_by_hand():
    # d = 0.1, 0.2, 0.3: D = 0.2, s_d = 0.1, t(0.95, 2) = 2.919986 (any t table),
    # half width = 2.919986 · 0.1 / √3 = 0.168586.
    method, reference = [[0.6], [0.7], [0.8]], [[0.5], [0.5], [0.5]]
    found = equivalence(method, reference, 0.37)
    assert found.interval == pytest.approx((0.031414, 0.368586), abs=1e-6)
    assert (found.margin, found.alpha, found.equivalent) == (0.37, 0.05, True)
    assert equivalence(method, reference, 0.36).equivalent is False


@few
@given(st.integers(0, 10_000), st.floats(0.002, 0.03))
def test_is_two_one_sided_tests(seed, margin):
    rng = np.random.default_rng(seed)
    method, reference = rng.normal(0.7, 0.01, (2, 5, 2))
    d = (method - reference).mean(axis=1)
    below = stats.ttest_1samp(d, margin, alternative="less").pvalue
    above = stats.ttest_1samp(d, -margin, alternative="greater").pvalue
    assert equivalence(method, reference, margin).equivalent == (max(below, above) < 0.05)


def test_better_and_equivalent_both_hold():
    rng = np.random.default_rng(0)
    reference = rng.normal(0.7, 0.02, (25, 1))
    method = reference + 0.002 + rng.normal(0, 0.001, (25, 1))
    assert compare(method, reference).verdict is Verdict.BETTER
    assert equivalence(method, reference, 0.01).equivalent


def test_an_interval_that_ends_at_the_margin_is_not_within():
    method, reference = [[0.6], [0.7], [0.8]], [[0.5], [0.5], [0.5]]
    interval = equivalence(method, reference, 1.0).interval
    assert interval is not None
    assert equivalence(method, reference, interval.high).equivalent is False
    assert equivalence(method, reference, np.nextafter(interval.high, 1)).equivalent is True


@pytest.mark.parametrize("left", [0, 1, 2])
def test_fewer_than_three_initial_sets(left):
    method, reference = np.random.default_rng(0).normal(0.7, 0.01, (2, 5, 5))
    method[left:] = NAN
    assert equivalence(method, reference, 0.5) == Equivalence(0.5, 0.05, None, None)


@pytest.mark.parametrize("gain", [0.0, 0.1])
def test_differences_that_do_not_vary(gain):
    reference = np.array([[0.3, 0.7], [0.1, 0.9], [0.61, 0.23]])
    assert equivalence(reference + gain, reference, 0.5) == Equivalence(0.5, 0.05, None, None)


@few
@given(pairs, margins)
def test_is_there_exactly_where_a_verdict_has_an_interval(pair, margin):
    found, verdict = equivalence(*pair, margin), compare(*pair)
    assert (found.equivalent is None) == (verdict.interval is None)
    if found.interval and verdict.interval:
        assert verdict.interval.low < found.interval.low <= found.interval.high
        assert found.interval.high < verdict.interval.high


@few
@given(pairs, margins)
def test_swapping_method_and_reference_says_the_same(pair, margin):
    forth, back = equivalence(*pair, margin), equivalence(pair[1], pair[0], margin)
    assert forth.equivalent == back.equivalent
    if forth.interval and back.interval:
        assert back.interval == (-forth.interval.high, -forth.interval.low)


@few
@given(pairs, margins)
def test_a_wider_margin_never_takes_equivalence_away(pair, margin):
    if equivalence(*pair, margin).equivalent:
        assert equivalence(*pair, 2 * margin).equivalent


@few
@given(pairs, st.sampled_from([0.0101, 0.1003]), st.floats(-1, 1))
def test_shift_and_unit_make_no_difference(pair, margin, shift):
    found = equivalence(*pair, margin)
    moved = equivalence(*(100 * (pair + shift)), 100 * margin)
    if found.interval is None:
        assert moved.interval is None
    else:
        assert moved.interval == pytest.approx([100 * end for end in found.interval], abs=1e-9)
        assert moved.equivalent == found.equivalent


def test_a_true_difference_of_the_margin_is_called_equivalent_in_five_percent():
    rng = np.random.default_rng(2)
    n, margin = 1500, 0.02
    reference = rng.normal(0.7, 0.02, (n, 9, 1))
    method = reference + margin + rng.normal(0, 0.01, (n, 9, 1))
    experiments = zip(method, reference, strict=True)
    said = np.mean([equivalence(*pair, margin).equivalent for pair in experiments])
    # Binomial standard error at 5 % of 1500: 0.6 %.
    assert said == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize("margin", [0.0, -0.01, NAN, np.inf])
def test_refuses_margins_that_are_none(margin):
    with pytest.raises(ValueError, match="margin"):
        equivalence(np.zeros((3, 1)), np.zeros((3, 1)), margin)

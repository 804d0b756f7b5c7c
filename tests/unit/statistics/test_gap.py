"""The share of the gap against the definition of Fieller's interval and simulated coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import optimize, stats

from alharness.statistics import GapShare, Verdict, compare, gap_share

few = settings(max_examples=20, deadline=None)
NAN = np.nan
thousandths = st.integers(0, 1000).map(lambda n: n / 1000)
triples = arrays(np.float64, (3, 4, 2), elements=thousandths | st.just(NAN))


def experiment(seed, share=0.4, n=9, spread=0.01):
    """Method, reference and upper bound, (n, 2): the gap is 0.1."""
    rng = np.random.default_rng(seed)
    reference = rng.normal(0.7, 0.02, (n, 1)) + rng.normal(0, spread, (n, 2))
    method, upper = (
        reference + gain + rng.normal(0, spread, (n, 2)) for gain in (share * 0.1, 0.1)
    )
    return method, reference, upper


def p_of(share, method, reference, upper):
    """p of the t-test of (method − reference) − share·(upper − reference)."""
    d = ((method - reference) - share * (upper - reference)).mean(axis=1)
    return float(stats.ttest_1samp(d, 0).pvalue)


def test_by_hand():
    reference = np.zeros((3, 1))
    method, upper = np.array([[0.1], [0.2], [0.3]]), np.array([[0.9], [1.0], [1.1]])
    # x̄ = 0.2, ȳ = 1, all variances 0.01, t² = 18.51282 (4.302653²), /3: factor 0.0617094.
    # a = 0.9382906, b = 0.1382906, c = −0.0217094; roots of a·ρ² − 2·b·ρ + c.
    found = gap_share(method, reference, upper)
    assert found.share == pytest.approx(0.2)
    root = np.sqrt(0.1382906**2 + 0.9382906 * 0.0217094)
    expected = ((0.1382906 - root) / 0.9382906, (0.1382906 + root) / 0.9382906)
    assert found.interval == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_ends_are_where_the_t_test_turns(seed):
    runs = experiment(seed)
    found = gap_share(*runs)
    for low, high, end in zip((-5, found.share), (found.share, 5), found.interval, strict=True):
        turns = optimize.brentq(lambda at: p_of(at, *runs) - 0.05, low, high)
        assert end == pytest.approx(turns, abs=1e-6)


@few
@given(triples)
def test_is_there_exactly_where_the_upper_bound_is_better(triple):
    missing = np.isnan(triple).any(axis=0)
    method, reference, upper = np.where(missing, NAN, triple)
    found = gap_share(*triple)
    assert found == gap_share(method, reference, upper)
    assert (found.share is not None) == (compare(upper, reference).verdict is Verdict.BETTER)
    if found.interval is not None:
        assert found.interval.low <= found.share <= found.interval.high


@few
@given(st.integers(0, 10_000), st.floats(-1, 1), st.floats(0.1, 100))
def test_shift_and_unit_make_no_difference(seed, shift, scale):
    runs = experiment(seed)
    found, moved = gap_share(*runs), gap_share(*(scale * (one + shift) for one in runs))
    assert moved.share == pytest.approx(found.share, rel=1e-6, abs=1e-9)
    assert moved.interval == pytest.approx(found.interval, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("which", range(3))
def test_a_missing_run_is_dropped_from_all_three(which):
    runs = experiment(0)
    runs[which][2, 1] = NAN
    runs[which][4] = NAN
    dropped = [one.copy() for one in runs]
    for one in dropped:
        one[2, 1], one[4] = NAN, NAN
    assert gap_share(*runs).interval is not None
    assert gap_share(*runs) == gap_share(*dropped)


@pytest.mark.parametrize(("which", "share"), [(1, 0.0), (2, 1.0)])
def test_the_reference_and_the_upper_bound_themselves(which, share):
    runs = experiment(0)
    assert gap_share(runs[which], runs[1], runs[2]) == GapShare(pytest.approx(share), None)


def test_no_gap_no_share():
    method, reference, _ = experiment(0)
    assert gap_share(method, reference, reference) == GapShare(None, None)
    rng = np.random.default_rng(1)
    noisy = reference + rng.normal(0, 0.1, reference.shape)
    assert gap_share(method, reference, noisy) == GapShare(None, None)
    below = reference - 0.1 + rng.normal(0, 0.01, reference.shape)
    assert gap_share(method, reference, below) == GapShare(None, None)


def test_fewer_than_three_initial_sets():
    assert gap_share(*experiment(0, n=2)) == GapShare(None, None)
    assert gap_share(*np.empty((3, 0, 0))) == GapShare(None, None)


def test_coverage():
    # The gap is an estimate too: spread as large as a third of it.
    shares = [gap_share(*experiment(seed, spread=0.04)) for seed in range(800)]
    found = [one for one in shares if one.interval is not None]
    covered = np.mean([one.interval.low < 0.4 < one.interval.high for one in found])
    # Binomial standard error: 0.8 %.
    assert len(found) > 770
    assert covered == pytest.approx(0.95, abs=0.03)

"""The two-level bootstrap against loops, exact moments, and the interval of a verdict."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alharness.statistics import bootstrap_interval, compare
from alharness.statistics.bootstrap import bootstrap_means

few = settings(max_examples=20, deadline=None)
NAN = np.nan
thousandths = st.integers(0, 1000).map(lambda n: n / 1000)
pairs = arrays(np.float64, (2, 4, 3), elements=thousandths | st.just(NAN))


def generator(seed=0):
    return np.random.default_rng(seed)


def experiment(seed, shape=(5, 5)):
    rng = np.random.default_rng(seed)
    per_set = rng.normal(0, 0.02, (shape[0], 1))
    return 0.71 + per_set + rng.normal(0, 0.01, shape), 0.7 + per_set + rng.normal(0, 0.01, shape)


def slow_means(d, rng, repetitions):
    """Draw initial sets, then seeds of each drawn one, by loops."""
    rows = [row[~np.isnan(row)] for row in d if not np.isnan(row).all()]
    means = []
    for _ in range(repetitions):
        drawn = [rows[k] for k in rng.integers(len(rows), size=len(rows))]
        means.append(np.mean([rng.choice(row, len(row)).mean() for row in drawn]))
    return means


@pytest.mark.parametrize("missing", [False, True])
def test_distributed_as_by_loops(missing):
    method, reference = experiment(0, (4, 3))
    d = method - reference
    if missing:
        d[0, 1] = d[2, :2] = NAN
    fast, slow = bootstrap_means(d, generator(), 20_000), slow_means(d, generator(1), 4000)
    # Standard errors: of the mean deviation/√4000, of a deviation 1.1 %.
    assert np.mean(fast) == pytest.approx(np.mean(slow), abs=4 * np.std(slow) / np.sqrt(4000))
    assert np.std(fast) == pytest.approx(np.std(slow), rel=0.05)


def test_exact_moments():
    # Var = [mean square of (d_i − D) + mean over i of (their pairs' mean square)/J] / I.
    method, reference = experiment(3, (6, 4))
    d = method - reference
    expected = (d.mean(axis=1).var() + d.var(axis=1).mean() / 4) / 6
    drawn = bootstrap_means(d, generator(), 50_000)
    assert drawn.mean() == pytest.approx(d.mean(), abs=4 * np.sqrt(expected / 50_000))
    assert drawn.var() == pytest.approx(expected, rel=0.03)


def test_with_one_seed_it_is_the_bootstrap_of_initial_sets():
    d = np.array([[0.0], [1.0], [3.0]])
    drawn = bootstrap_means(d, generator(), 20_000)
    assert set(np.round(3 * drawn).astype(int)) == {0, 1, 2, 3, 4, 5, 6, 7, 9}
    # Three times the same one: 1/27 of repetitions.
    assert np.mean(drawn == 0) == pytest.approx(1 / 27, abs=0.006)


@few
@given(pairs)
def test_is_there_exactly_where_a_verdict_has_an_interval(pair):
    found, verdict = bootstrap_interval(*pair, generator(), 50), compare(*pair)
    assert (found is None) == (verdict.interval is None)
    if found is not None:
        d = pair[0] - pair[1]
        assert np.nanmin(d) - 1e-12 <= found.low <= found.high <= np.nanmax(d) + 1e-12


@few
@given(pairs, st.permutations(range(3)), st.floats(-1, 1), st.floats(0.5, 100))
def test_seeds_shift_and_unit_make_no_difference(pair, seeds, shift, scale):
    found = bootstrap_interval(*pair, generator(), 50)
    moved = bootstrap_interval(*(scale * (pair[..., seeds] + shift)), generator(), 50)
    assert (found is None) == (moved is None)
    if found is not None:
        assert moved == pytest.approx([scale * end for end in found], abs=1e-9 * scale)


@few
@given(pairs)
def test_a_missing_run_drops_its_pair(pair):
    missing = np.isnan(pair).any(axis=0)
    both = np.where(missing, NAN, pair)
    assert bootstrap_interval(*both, generator(), 50) == bootstrap_interval(*pair, generator(), 50)


def test_equal_generators_equal_intervals():
    method, reference = experiment(1)
    once, again, other = (
        bootstrap_interval(method, reference, generator(seed), 2500) for seed in (0, 0, 1)
    )
    assert once == again != other


def test_many_initial_sets_give_students_interval():
    method, reference = experiment(2, (400, 1))
    found, student = bootstrap_interval(method, reference, generator()), compare(method, reference)
    width = student.interval.high - student.interval.low
    assert found == pytest.approx(student.interval, abs=0.05 * width)


@few
@given(st.integers(0, 1000))
def test_few_initial_sets_make_it_narrower_than_students(seed):
    method, reference = experiment(seed, (5, 1))
    student = compare(method, reference).interval
    found = bootstrap_interval(method, reference, generator(), 2000)
    assert found.high - found.low < student.high - student.low


@pytest.mark.parametrize(("repetitions", "alpha"), [(0, 0.05), (10, 0.0), (10, 1.0)])
def test_refuses_no_repetitions_and_no_level(repetitions, alpha):
    with pytest.raises(ValueError, match="needs"):
        bootstrap_interval(*experiment(0), generator(), repetitions, alpha)

"""Many comparisons at once are the same comparisons one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alharness.statistics import compare
from alharness.statistics.differences import differences

few = settings(max_examples=20, deadline=None)
thousandths = st.integers(0, 1000).map(lambda n: n / 1000)
many = arrays(np.float64, (2, 3, 4, 2), elements=thousandths | st.just(np.nan))


@few
@given(many)
def test_one_by_one(values):
    together = differences(*values)
    p_values = together.p_values()
    for k in range(3):
        alone = compare(values[0, k], values[1, k])
        assert together.n_initial_sets[k] == alone.n_initial_sets
        assert together.n_pairs[k] == alone.n_pairs
        for number, expected in [
            (together.mean[k], alone.difference),
            (together.deviation[k], alone.s_d),
            (p_values[k], alone.p_value),
        ]:
            assert (expected is None) == bool(np.isnan(number))
            assert expected is None or number == pytest.approx(expected, rel=1e-12)


@few
@given(many)
def test_one_against_many(values):
    broadcast = differences(values[0, :1], values[1])
    repeated = differences(np.repeat(values[0, :1], 3, axis=0), values[1])
    np.testing.assert_array_equal(broadcast.mean, repeated.mean)
    np.testing.assert_array_equal(broadcast.deviation, repeated.deviation)


def test_rounding_is_judged_by_the_numbers_of_each_comparison():
    base = np.array([[0.3], [0.1], [0.61], [0.5]])
    shifted = np.stack([base + 0.1, 1e6 * (base + 0.1)])
    found = differences(shifted, np.stack([base, 1e6 * base]))
    np.testing.assert_array_equal(found.deviation, [0, 0])
    real = differences(np.stack([base + 0.1, base * 1e-9]), np.stack([base, np.zeros((4, 1))]))
    assert real.deviation[0] == 0 < real.deviation[1]

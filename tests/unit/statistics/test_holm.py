"""Holm's procedure against a published example and against the closure of Bonferroni tests."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alharness.statistics import holm

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def closed_test(p: list[float], alpha: float) -> list[bool]:
    """Holm as its inventor proves it: reject i when every set with i is rejected by Bonferroni."""
    m = range(len(p))
    sets = [group for size in range(1, len(p) + 1) for group in combinations(m, size)]
    rejected = {group for group in sets if min(p[i] for i in group) * len(group) < alpha}
    return [all(group in rejected for group in sets if i in group) for i in m]


def test_example_of_r_p_adjust() -> None:
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") is 0.03 0.06 0.06 0.02.
    result = holm([0.01, 0.04, 0.03, 0.005], 0.05)
    np.testing.assert_allclose(result.adjusted, [0.03, 0.06, 0.06, 0.02])
    assert result.rejected.tolist() == [True, False, False, True]
    # Met, by hand: 0.05/4 by the smallest, 0.05/3 by the next, then 0.05/2 stops the rest.
    np.testing.assert_allclose(result.levels, [0.05 / 3, 0.05 / 2, 0.05 / 2, 0.05 / 4])


@given(p_values)
def test_rejects_what_the_closed_test_rejects(p: list[float]) -> None:
    assert holm(p, 0.05).rejected.tolist() == closed_test(p, 0.05)


@given(p_values)
def test_three_ways_to_read_a_decision_agree(p: list[float]) -> None:
    rejected, adjusted, levels = holm(p, 0.05)
    clear = np.abs(adjusted - 0.05) > 1e-12
    assert (rejected == (adjusted < 0.05))[clear].all()
    assert (rejected == (np.array(p) < levels))[clear].all()
    assert (adjusted >= p).all()
    assert (levels <= 0.05).all()


@given(p_values, st.randoms())
def test_the_order_of_hypotheses_does_not_matter(p: list[float], random: object) -> None:
    order = sorted(range(len(p)), key=lambda _: random.random())  # type: ignore[attr-defined]
    shuffled = holm([p[i] for i in order], 0.05)
    assert shuffled.rejected.tolist() == holm(p, 0.05).rejected[order].tolist()
    np.testing.assert_array_equal(shuffled.adjusted, holm(p, 0.05).adjusted[order])


def test_a_p_that_equals_its_level_is_not_rejected() -> None:
    assert not holm([0.05], 0.05).rejected[0]


def test_no_hypotheses() -> None:
    assert [len(part) for part in holm([], 0.05)] == [0, 0, 0]


@pytest.mark.parametrize("p", [[np.nan], [-0.1], [1.1], [[0.1, 2.0]], 0.1])
def test_refuses_what_are_not_p_values(p: object) -> None:
    with pytest.raises(ValueError, match="p-values"):
        holm(p, 0.05)  # type: ignore[arg-type]


@given(st.lists(st.tuples(*[st.floats(0, 1)] * 4), min_size=1, max_size=5))
def test_rows_are_families_of_their_own(rows: list[tuple[float, ...]]) -> None:
    together = holm(rows, 0.05)
    for k, row in enumerate(rows):
        for part, alone in zip(together, holm(row, 0.05), strict=True):
            np.testing.assert_array_equal(part[k], alone)

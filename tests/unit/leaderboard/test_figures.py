"""Figures: where points and axes stand, for any numbers."""

import itertools
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alharness.leaderboard.figures.curves import (
    COLORS,
    DASHES,
    HEIGHT,
    REFERENCE,
    SHAPES,
    WIDTH,
    Series,
    Value,
    chart,
    style,
)
from alharness.leaderboard.figures.scales import Scale, decimals, far_enough, round_values

numbers = st.floats(-1e6, 1e6)


@given(numbers, numbers, st.integers(2, 12))
@example(0.5, 0.5, 6)
@example(0.0, 1e-300, 6)
def test_round_values_reach_over_the_range_and_are_few(one, other, about):
    low, high = sorted((one, other))
    values = round_values(low, high, about)
    rounding = 1e-6 * (values[1] - values[0])
    assert values[0] <= low + rounding
    assert values[-1] >= high - rounding
    assert 2 <= len(values) <= 2 * about + 3
    assert list(values) == sorted(values)


def test_round_values_as_people_write_them():
    assert round_values(61.9, 83.4, 6) == (60, 65, 70, 75, 80, 85)
    assert round_values(-0.7, 1.9, 6) == (-1, 0, 1, 2)
    assert decimals(round_values(0.11, 0.19, 6)) == 2
    assert decimals(round_values(61.9, 83.4, 6)) == 0


def test_equal_ratios_are_equal_distances_on_a_logarithmic_scale():
    scale = Scale(100, 400, 0, 10, logarithmic=True)
    assert [scale(one) for one in (100, 200, 400)] == pytest.approx([0, 5, 10])
    assert Scale(3, 3, 0, 10)(3) == 5


@given(st.lists(st.floats(0, 1000), max_size=20).map(sorted), st.floats(1, 100))
def test_what_is_written_stands_far_enough_apart(places, distance):
    kept = [places[n] for n in far_enough(places, distance)]
    assert all(after - before >= distance for before, after in itertools.pairwise(kept))
    assert kept[-1:] == places[-1:]


def test_many_curves_all_differ():
    period = math.lcm(COLORS, DASHES, len(SHAPES))
    looks = {style(number) for number in range(period)} | {REFERENCE}
    assert len(looks) == period + 1 == 85


values = st.builds(
    lambda mean, half: Value(mean, mean - half, mean + half, "said"), numbers, st.floats(0, 1e3)
)


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=6, unique=True).map(sorted),
    st.data(),
    st.booleans(),
)
def test_everything_stands_on_the_paper(labels, data, around_zero):
    cells = st.lists(st.none() | values, min_size=len(labels), max_size=len(labels)).map(tuple)
    series = [
        Series(str(n), style(n), data.draw(cells), shown=True)
        for n in range(data.draw(st.integers(0, 4)))
    ]
    drawn = chart(series, labels, title="t", around_zero=around_zero)
    if drawn is None:
        assert not any(value for one in series for value in one.values)
        return
    marks = [mark for one in drawn.drawn for mark in one.marks]
    assert len(marks) == sum(value is not None for one in series for value in one.values)
    for mark in marks:
        assert 0 <= float(mark.x) <= WIDTH
        for y in (mark.y, mark.low, mark.high):
            assert -0.1 <= float(y) <= HEIGHT
        assert float(mark.high) <= float(mark.y) <= float(mark.low)
    assert drawn.zero is None or drawn.top <= float(drawn.zero) <= drawn.bottom
    assert (drawn.zero is not None) == around_zero

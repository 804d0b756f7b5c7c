"""Surveys take their share of a busy bench's time, and no more; the time is simulated."""

from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future
from itertools import cycle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alharness.executors import coordinator as module
from alharness.executors.coordinator import ALLOWANCE, SURVEY_SHARE, Coordinator, SurveyPace
from alharness.protocol.seeds import SeedPath
from alharness.protocol.units import AnnotationInputs, Identity, make_unit
from alharness.store.checkpoints import CheckpointMissing
from alharness.store.workspace import Workspace

HOUR = 3600.0


class Clock:
    """Time that passes when it is told to."""

    def __init__(self):
        self.seconds = 1e6

    def __call__(self):
        return self.seconds

    def pass_by(self, seconds):
        self.seconds += seconds


def surveyed(pace, clock, seconds):
    with pace.survey():
        clock.pass_by(seconds)


lengths = st.one_of(
    st.just(lambda number: 0.1),
    st.just(lambda number: 5.0),
    st.floats(0, 0.5).map(lambda more: lambda number: 0.1 + more * number),
    st.lists(st.floats(0.01, 20), min_size=1).map(lambda some: lambda n: some[n % len(some)]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(length=lengths, patient=st.booleans(), unit=st.floats(0.5, 60))
def test_an_hour_of_surveys_takes_a_percent_and_the_allowance(length, patient, unit):
    """``patient``: the queue is empty, and it waits until a survey is due; else until a unit ends.

    The last survey alone may have grown past what it was taken for, by as much as it grew.
    """
    clock = Clock()
    pace, began = SurveyPace(clock), clock()
    taken = []
    while clock() - began < HOUR:
        due = pace.due_in()
        if due > 0:
            clock.pass_by(min(due, unit) if patient else unit)
            continue
        at = clock() - began
        taken.append(length(len(taken)))
        surveyed(pace, clock, taken[-1])
        grown = taken[-1] - (taken[-2] if len(taken) > 1 else 0.0)
        assert sum(taken) <= ALLOWANCE + SURVEY_SHARE * at + max(0.0, grown) + 1e-6
    assert taken


@pytest.mark.parametrize("length", [0.1, 5.0])
def test_as_many_surveys_are_made_as_fit(length):
    """Never to survey would keep to the share, too."""
    clock = Clock()
    pace, began, n_surveys = SurveyPace(clock), clock(), 0
    while clock() - began < HOUR:
        clock.pass_by(pace.due_in())
        surveyed(pace, clock, length)
        n_surveys += 1
    assert n_surveys == pytest.approx((ALLOWANCE + SURVEY_SHARE * HOUR) / length, abs=2)


def test_a_short_bench_surveys_at_once():
    clock = Clock()
    pace = SurveyPace(clock)
    for _ in range(9):
        assert pace.due_in() == 0
        surveyed(pace, clock, 0.1)
    clock.pass_by(pace.due_in())
    surveyed(pace, clock, 0.1)
    assert pace.due_in() == pytest.approx(10, abs=2)


def test_what_is_due_is_due_when_that_time_has_passed():
    clock = Clock()
    pace = SurveyPace(clock)
    surveyed(pace, clock, 5.0)
    due = pace.due_in()
    assert due == pytest.approx((2 * 5 - ALLOWANCE) / SURVEY_SHARE - 5)
    clock.pass_by(due / 2)
    assert pace.due_in() == pytest.approx(due / 2)
    clock.pass_by(due / 2 + 1e-6)
    assert pace.due_in() == 0


class Slow:
    """Carries out two units at a time, each for so long, in turn; none leaves a record."""

    slots = 2

    def __init__(self, clock, seconds):
        self.clock, self.seconds = clock, cycle(seconds)
        self.ends = {}

    def submit(self, unit):
        assert len(self.ends) < self.slots
        future = Future()
        self.ends[future] = self.clock() + next(self.seconds)
        return future

    def wait(self, running, patience, return_when):
        """As ``concurrent.futures.wait`` does, but at once."""
        assert set(running) == set(self.ends)
        assert return_when == FIRST_COMPLETED
        first = min(self.ends, key=self.ends.get)
        if patience is not None and self.clock() + patience < self.ends[first]:
            self.clock.pass_by(patience)
            return set(), set(running)
        self.clock.seconds = max(self.clock(), self.ends.pop(first))
        first.set_exception(CheckpointMissing("no weights"))
        return {first}, set(running) - {first}


def units(begin, number):
    seed, oracle = SeedPath(suite_seed=0, purpose="p"), Identity(name="o", source="s")
    for one in range(begin, begin + number):
        query = f"q{one}"
        inputs = AnnotationInputs(data="d", n_classes=2, oracle=oracle, query=query, seed=seed)
        yield make_unit(inputs)


@pytest.mark.parametrize("length", [0.1, 5.0])
@pytest.mark.parametrize(
    ("n_units", "seconds"),
    [(1000, (7.0, 11.0)), (40, (900.0, *[0.5] * 39))],
    ids=["always a queue", "one unit is long"],
)
def test_the_coordinator_surveys_when_it_is_due(
    make_bench, tmp_path, monkeypatch, length, n_units, seconds
):
    """It returns for a survey when something changed and one is due, also from an empty queue."""
    clock = Clock()
    executor = Slow(clock, seconds)
    monkeypatch.setattr(module, "wait", executor.wait)
    coordinator = Coordinator(make_bench(), Workspace(tmp_path), executor)
    pace, began = SurveyPace(clock), clock()
    n_surveys, n_due, queue = 0, 0, deque()
    while clock() - began < HOUR:
        queue = queue or deque([one] for one in units(n_units * n_surveys, n_units))
        coordinator._work(queue, pace)
        assert coordinator._changed, "it was waiting for something to change"
        due = pace.due_in() == 0
        assert due or not (queue or executor.ends)
        coordinator._changed.clear()
        surveyed(pace, clock, length)
        n_surveys, n_due = n_surveys + 1, n_due + due
    assert 1 < n_due <= (ALLOWANCE + SURVEY_SHARE * (clock() - began)) / length


def test_a_survey_that_is_due_does_not_wait_for_a_long_unit(make_bench, tmp_path, monkeypatch):
    clock = Clock()
    executor = Slow(clock, (900.0, 0.5))
    monkeypatch.setattr(module, "wait", executor.wait)
    coordinator = Coordinator(make_bench(), Workspace(tmp_path), executor)
    pace, began = SurveyPace(clock), clock()
    surveyed(pace, clock, 1.0)
    coordinator._work(deque([one] for one in units(0, 2)), pace)
    assert clock() - began == pytest.approx((2 * 1.0 - ALLOWANCE) / SURVEY_SHARE, abs=1e-3)
    assert len(executor.ends) == 1, "the long one goes on"

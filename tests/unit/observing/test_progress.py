"""Progress on the terminal, and what it may cost."""

import io
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from alharness.observing import progress as module
from alharness.observing.observers import Observers
from alharness.observing.progress import Pace, progress
from alharness.protocol.planning.survey import Planner, Survey, survey


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counts(monkeypatch, clock) -> list[Survey]:
    """Every survey that was counted; a count takes two seconds."""
    counted: list[Survey] = []
    overall = module.overall

    def slowly(state: Survey):
        counted.append(state)
        clock.seconds += 2
        return overall(state)

    monkeypatch.setattr(module, "overall", slowly)
    return counted


def nothing_measured(unit) -> None:
    return None


def record(seconds: float = 10.0) -> dict:
    return {"facts": {"seconds": seconds}}


def test_a_busy_bench_is_counted_at_most_one_percent_of_its_time(
    make_bench, world, clock, counts
) -> None:
    bench = make_bench()
    state = survey(bench, world(bench))
    pace = Pace(nothing_measured, 1, clock)
    for _ in range(1000):
        pace.surveyed(state)
        clock.seconds += 1
    assert len(counts) > 1
    assert 2 * len(counts) <= 0.01 * clock.seconds + 2


def test_units_that_finish_between_two_counts_are_added_and_counted_once(
    make_bench, world, clock, counts
) -> None:
    bench = make_bench()
    labs = world(bench)
    pace = Pace(nothing_measured, 1, clock)
    state = survey(bench, labs)
    pace.surveyed(state)
    first, second = state.ready()[:2]
    labs.compute(first)
    pace.finished(first.to_json(), record())
    assert (pace.done, pace.total) == (1, module.overall(state).total)
    pace.surveyed(survey(bench, labs))
    labs.compute(second)
    pace.finished(second.to_json(), record())
    assert pace.done == 2
    pace.settle()
    assert pace.done == 2


def test_the_end_is_counted_however_short_the_bench(make_bench, world, clock, counts) -> None:
    bench = make_bench()
    labs = world(bench)
    pace = Pace(nothing_measured, 1, clock)
    pace.surveyed(survey(bench, labs))
    end = labs.finish(bench)
    pace.surveyed(end)
    assert pace.done == 0
    pace.settle()
    pace.settle()
    assert pace.done == pace.total > 0
    assert len(counts) == 2


def test_time_left_is_what_was_measured_shared_by_who_works(make_bench, world, clock) -> None:
    bench = make_bench()
    labs = world(bench)
    labs.finish(bench)
    kept = dict(labs.records)
    del kept[next(reversed(kept))]
    labs.records = kept
    one, four = (Pace(lambda unit: 8.0, slots, clock) for slots in (1, 4))
    for pace in (one, four):
        pace.surveyed(survey(bench, labs))
    assert one.seconds_left == pytest.approx(4 * four.seconds_left)
    assert one.seconds_left >= 8
    unit = next(iter(survey(bench, labs).ready()))
    before = one.seconds_left
    one.finished(unit.to_json(), record(seconds=3.0))
    assert one.seconds_left == pytest.approx(before - 3)


@pytest.mark.parametrize("terminal", [True, False], ids=["live", "lines"])
def test_a_display_observes_like_any_plugin(make_bench, world, clock, terminal) -> None:
    bench = make_bench()
    labs = world(bench)
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=100)
    display = progress(console, Pace(nothing_measured, 1, clock))
    observers = Observers(report=pytest.fail)
    observers.add("the progress display", display)
    observers.bench_started(bench)
    observers.bench_surveyed(survey(bench, labs))
    unit = survey(bench, labs).ready()[0]
    observers.unit_failed(unit.to_json(), "[red]out of luck")
    observers.bench_surveyed(labs.finish(bench))
    display.close()
    assert "failed: [red]out of luck" in text.getvalue()
    if not terminal:
        lines = text.getvalue().splitlines()
        assert lines[0].startswith("0/")
        done, total = lines[-1].split()[0].split("/")
        assert done == total


def test_plain_lines_come_now_and_then(make_bench, world, clock, monkeypatch) -> None:
    bench = make_bench()
    text = io.StringIO()
    display = progress(Console(file=text, width=100), Pace(nothing_measured, 1, clock))
    state = survey(bench, world(bench))
    for _ in range(50):
        display.alharness_bench_surveyed(state)
    assert len(text.getvalue().splitlines()) == 1


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    random=st.randoms(use_true_random=False),
    slots=st.integers(1, 4),
    took=st.lists(st.floats(0, 1e4), min_size=1, max_size=8),
)
def test_however_a_bench_goes_no_number_is_absurd(make_bench, world, random, slots, took) -> None:
    """Nothing left is less than nothing, and no more is done than there is: shared units too."""
    bench, clock = make_bench(initial_sets=1), Clock()
    labs = world(bench)
    planner = Planner(bench, labs)
    state = planner.survey()
    pace = Pace(lambda unit: 5.0, slots, clock)
    pace.surveyed(state)
    total = pace.total
    while state.ready():
        chosen = random.sample(state.ready(), random.randint(1, len(state.ready())))
        for unit in chosen:
            labs.compute(unit)
            clock.seconds += random.choice([0.0, 1.0])
            pace.finished(unit.to_json(), record(random.choice(took)))
            assert pace.done <= pace.total == total
            assert pace.done == len(labs.records)
            assert pace.seconds_left is None or pace.seconds_left >= 0
            assert "-" not in str(pace)
        state = planner.resurvey({unit.key for unit in chosen}, ())
        pace.surveyed(state)
        assert pace.done == len(labs.records)
    pace.settle()
    assert (pace.done, pace.total, pace.seconds_left) == (len(labs.records), total, 0.0)


def test_trials_per_minute_are_those_of_this_start(make_bench, world, clock) -> None:
    bench = make_bench()
    labs = world(bench)
    labs.finish(bench)
    pace = Pace(nothing_measured, 1, clock)
    pace.surveyed(survey(bench, labs))
    assert pace.trials_per_minute == 0, "recorded before it began"
    trial, evaluation = (
        next(unit for unit in labs.units.values() if unit.kind == kind)
        for kind in ("trial", "evaluation")
    )
    clock.seconds += 30
    for unit in (trial, trial, trial, evaluation):
        pace.finished(unit.to_json(), record())
    assert pace.trials_per_minute == pytest.approx(6)


@pytest.mark.parametrize("terminal", [True, False], ids=["live", "lines"])
def test_what_is_said_is_said_as_it_stands(clock, terminal) -> None:
    """Neither markup nor names of emoji: they stand in paths and in messages of plugins."""
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=200, color_system=None)
    display = progress(console, Pace(nothing_measured, 1, clock))
    message = "sampler 'x': loss.py:100: [bold]:fire: 1/2"
    display.alharness_unit_failed(message)
    display.close()
    assert f"failed: {message}\n" in text.getvalue()


def test_in_a_pipe_lines_are_plain_and_whole(make_bench, world, clock) -> None:
    """Whatever the console's width: lines are for grep."""
    bench = make_bench()
    labs = world(bench)
    text = io.StringIO()
    pace = Pace(lambda unit: 60.0, 2, clock)
    display = progress(Console(file=text, width=20), pace)
    labs.finish(bench, fails=lambda unit: unit.kind == "query")
    display.alharness_bench_surveyed(survey(bench, labs))
    display.alharness_unit_failed("a " * 40 + "message")
    display.close()
    first, failed, last = text.getvalue().splitlines()
    assert first == last
    assert re.fullmatch(
        rf"{pace.done}/{pace.total} units, cycle 0, 0 trials/min(, .* left)?", first
    )
    assert failed == f"failed: {'a ' * 40}message"
    assert "\x1b" not in text.getvalue()

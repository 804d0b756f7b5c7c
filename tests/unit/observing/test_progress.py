"""Progress on the terminal, and what it may cost."""

import io

import pytest
from rich.console import Console

from alharness.observing import progress as module
from alharness.observing.observers import Observers
from alharness.observing.progress import Pace, progress
from alharness.protocol.planning.survey import Survey, survey


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

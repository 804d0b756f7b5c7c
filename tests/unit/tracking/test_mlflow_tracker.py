"""The observer that keeps MLflow up to date, with a store that is made up."""

import threading
import time
from collections.abc import Callable

import pytest

from alharness.observing.observers import Observers
from alharness.results.collect import collect
from alharness.tracking import mlflow_tracker
from alharness.tracking.logged_run import FAILURE_TAG, LoggedRun
from alharness.tracking.mlflow_process import NotLogged, Opened
from alharness.tracking.mlflow_tracker import MlflowTracker


class Shelf:
    """A store in memory."""

    def __init__(self) -> None:
        self.runs: dict[str, LoggedRun] = {}
        self.writes = 0
        self.killed = threading.Event()

    def open(self) -> Opened:
        return Opened({key: run.state for key, run in self.runs.items()})

    def write(self, run: LoggedRun) -> None:
        assert run.parent is None or run.parent in self.runs
        self.writes += 1
        self.runs[run.key] = run

    def describe(self, note: str) -> None:
        self.note = note

    def kill(self) -> None:
        self.killed.set()


class Away(Shelf):
    """Refuses every connection, as long as it is away."""

    away = True

    def open(self) -> Opened:
        if self.away:
            raise NotLogged("connection refused")
        return super().open()

    def write(self, run: LoggedRun) -> None:
        if self.away:
            raise NotLogged("connection lost")
        super().write(run)


class Hanging(Shelf):
    """Never answers, until it is killed."""

    def open(self) -> Opened:
        self.killed.wait()
        raise NotLogged("no answer")


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def track(lines: list[str]) -> Callable[..., MlflowTracker]:
    """A tracker of a bench that has just been started."""

    def started(lab, shelf) -> MlflowTracker:
        tracker = MlflowTracker(lab.record, lab.curves, shelf, "http://there", lines.append)
        tracker.alharness_bench_started(lab.bench)
        return tracker

    return started


def follow(tracker: MlflowTracker, lab) -> None:
    """Carry out the bench one unit at a time, and close."""
    while ready := lab.survey().ready():
        tracker.alharness_bench_surveyed(lab.survey())
        lab.finish(ready[0])
    tracker.alharness_bench_surveyed(lab.survey())
    tracker.close()


def test_everything_is_written_at_the_end(laboratory, track, lines) -> None:
    lab, shelf = laboratory(), Shelf()
    follow(track(lab, shelf), lab)
    trials = {key for key, record in lab.records.items() if record.unit.kind == "trial"}
    assert {key for key, run in shelf.runs.items() if run.parent} == trials
    assert {run.status for run in shelf.runs.values()} == {"FINISHED"}
    assert lines == []
    assert shelf.killed.is_set()


def test_what_is_there_is_not_written_again(laboratory, track) -> None:
    lab, shelf = laboratory(), Shelf()
    follow(track(lab, shelf), lab)
    before = shelf.writes
    follow(track(lab, shelf), lab)
    assert shelf.writes == before


def test_a_choice_known_later_is_written_later(laboratory, track) -> None:
    lab, shelf = laboratory(), Shelf()
    first = lab.survey().ready()[0]
    lab.finish(first)
    follow_once = track(lab, shelf)
    follow_once.alharness_bench_surveyed(lab.survey())
    follow_once.close()
    assert shelf.runs[first.key].tags["alharness.chosen"] == "no"
    follow(track(lab, shelf), lab)
    chosen = {run.key for run in shelf.runs.values() if run.tags.get("alharness.chosen") == "yes"}
    assert len(chosen) == 2 * (1 + 2 * 2)


def test_a_store_that_is_away_costs_one_line_and_no_time(laboratory, track, lines) -> None:
    lab, shelf = laboratory(), Away()
    began = time.monotonic()
    follow(track(lab, shelf), lab)
    assert time.monotonic() - began < mlflow_tracker.FIRST_PAUSE
    (line,) = lines
    assert "MLflow runs were not logged to http://there (connection refused)" in line
    assert line.endswith("run the same command again to log them")
    shelf.away = False
    follow(track(lab, shelf), lab)
    assert len(lines) == 1
    assert f"{len(shelf.runs)} MLflow runs were not logged" in line


def test_what_waiting_never_mends_is_said_at_once_and_once(laboratory, track, lines) -> None:
    class Driverless(Shelf):
        def open(self) -> Opened:
            raise NotLogged("no module 'x'", remedy="install the Python module 'x'")

    lab = laboratory()
    tracker = track(lab, Driverless())
    tracker.alharness_bench_surveyed(lab.survey())
    until(lambda: lines)
    assert lines == [
        "Note: http://there cannot be opened (no module 'x'): install the Python module 'x'. The "
        "bench goes on, and its results are recorded"
    ]
    follow(tracker, lab)
    assert lines[1:] == [
        "26 MLflow runs were not logged to http://there (no module 'x'): install the Python module "
        "'x', then run the same command again to log them"
    ]


def test_a_store_that_comes_back_is_asked_again_what_is_there(
    laboratory, track, lines, monkeypatch
) -> None:
    monkeypatch.setattr(mlflow_tracker, "FIRST_PAUSE", 0.01)
    lab, shelf = laboratory(), Away()
    shelf.away = False
    lab.work(1)
    tracker = track(lab, shelf)
    tracker.alharness_bench_surveyed(lab.survey())
    until(lambda: shelf.writes >= 6)
    shelf.away = True
    lab.work()
    tracker.alharness_bench_surveyed(lab.survey())
    time.sleep(0.1)
    shelf.runs.clear()
    shelf.away = False
    until(lambda: len(shelf.runs) == 26)
    tracker.close()
    assert lines == []


def test_a_store_that_never_answers_is_given_up(laboratory, track, lines, monkeypatch) -> None:
    monkeypatch.setattr(mlflow_tracker, "PATIENCE", 0.2)
    monkeypatch.setattr(mlflow_tracker, "CLOSING_LINE", 60)
    lab = laboratory()
    began = time.monotonic()
    follow(track(lab, Hanging()), lab)
    assert time.monotonic() - began < 5
    (line,) = lines
    assert "not logged to http://there (no answer)" in line


def test_a_run_that_is_refused_keeps_none_but_its_own_trials_away(laboratory, track, lines) -> None:
    class Picky(Shelf):
        def write(self, run: LoggedRun) -> None:
            if run.name == "s/margin/0/0":
                raise NotLogged("too long", lasting=True)
            super().write(run)

    lab, shelf = laboratory(), Picky()
    follow(track(lab, shelf), lab)
    assert len(shelf.runs) == 26 - 5
    assert lines == ["http://there refused 5 MLflow runs (too long)"]


def test_an_error_of_ours_does_not_reach_the_bench(laboratory, track, lines) -> None:
    class Broken(Shelf):
        def open(self) -> Opened:
            raise ZeroDivisionError("ours")

    lab = laboratory()
    follow(track(lab, Broken()), lab)
    (line,) = lines
    assert "ZeroDivisionError: ours" in line


def test_the_terminal_is_told_where_superseded_runs_are(laboratory, track, lines) -> None:
    class Old(Shelf):
        def open(self) -> Opened:
            return Opened({}, "suite (superseded)")

    lab = laboratory()
    follow(track(lab, Old()), lab)
    assert lines == ["MLflow runs of alharness 0.1 are kept apart, in 'suite (superseded)'"]


def test_a_tracker_observes_like_any_plugin(laboratory, lines) -> None:
    lab, shelf = laboratory(), Shelf()
    tracker = MlflowTracker(lab.record, lab.curves, shelf, "http://there", lines.append)
    observers = Observers(report=pytest.fail)
    observers.add("MLflow", tracker)
    observers.bench_started(lab.bench)
    lab.work(1)
    broken = next(unit for unit in lab.survey().ready() if unit.kind == "query")
    lab.failures[broken.key] = "out of luck"
    observers.unit_failed(broken.to_json(), "out of luck")
    observers.bench_surveyed(lab.work())
    tracker.close()
    failed = [run for run in shelf.runs.values() if run.status == "FAILED"]
    assert [run.tags[FAILURE_TAG] for run in failed] == ["out of luck"]


def test_a_bench_that_was_never_surveyed_closes(laboratory, track, lines) -> None:
    track(laboratory(), Shelf()).close()
    assert lines == []


def test_what_passes_is_tried_again_at_once(laboratory, track, lines) -> None:
    class Dying(Shelf):
        deaths = 0

        def write(self, run: LoggedRun) -> None:
            if self.deaths < 3 and len(self.runs) == 5 * self.deaths:
                self.deaths += 1
                raise NotLogged("its process ended", passing=True)
            super().write(run)

    lab, shelf = laboratory(), Dying()
    began = time.monotonic()
    follow(track(lab, shelf), lab)
    assert time.monotonic() - began < mlflow_tracker.FIRST_PAUSE
    assert (shelf.deaths, len(shelf.runs), lines) == (3, 26, [])


def test_what_passes_again_and_again_is_waited_for(laboratory, track, lines) -> None:
    class Dead(Shelf):
        opened = 0

        def open(self) -> Opened:
            self.opened += 1
            raise NotLogged("its process ended", passing=True)

    lab, shelf = laboratory(), Dead()
    follow(track(lab, shelf), lab)
    assert shelf.opened == mlflow_tracker.PASSING + 1
    assert lines[-1].startswith("26 MLflow runs were not logged to http://there")


def test_what_was_found_is_written_at_the_end(laboratory, track, lines) -> None:
    lab, shelf = laboratory(), Shelf()
    for _ in range(2):
        tracker = track(lab, shelf)
        tracker.alharness_bench_surveyed(lab.work())
        tracker.alharness_bench_finished(collect(lab.bench, lab.survey(), lab, []).to_json())
        tracker.close()
    assert len(shelf.runs) == shelf.writes == 26 + 2
    assert "| margin | not testable |" in shelf.note
    assert lines == []


def test_a_damaged_database_is_told_in_one_line(laboratory, track, lines) -> None:
    class Damaged(Shelf):
        def open(self) -> Opened:
            return Opened({}, damage="it is no database")

    lab = laboratory()
    follow(track(lab, Damaged()), lab)
    (line,) = lines
    assert line == (
        "http://there could not be used (it is no database): it was set aside in 'damaged', and is "
        "made again from the records"
    )


def test_a_record_that_cannot_be_told_of_costs_its_own_run(laboratory, track, lines) -> None:
    lab, shelf = laboratory(), Shelf()
    lab.work()
    victim = next(record for record in lab.records.values() if record.unit.kind == "trial")
    del victim.facts["host"]
    tracker = track(lab, shelf)
    tracker.alharness_bench_surveyed(lab.survey())
    tracker.close()
    assert len(shelf.runs) == 25
    assert lines == ["http://there refused 1 MLflow runs (KeyError: 'host' (tracking_plan.py, "
                     f"line {lines[0].rpartition('line ')[2]}"]  # fmt: skip


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)

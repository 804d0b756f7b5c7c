"""The observer that keeps MLflow up to date, and never keeps the bench waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import alharness
from alharness.protocol.bench import Bench
from alharness.protocol.planning.survey import Survey
from alharness.protocol.units import Unit
from alharness.registry.boundary import one_line
from alharness.store.records import Record
from alharness.tracking.logged_run import LoggedRun
from alharness.tracking.method_runs import Found, found
from alharness.tracking.mlflow_process import NotLogged, Opened
from alharness.tracking.tracking_plan import Contents, Planned, TrackingPlan

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0
"""Seconds until a store that failed is tried again."""

WORTH_A_LINE = 4 * FIRST_PAUSE
"""The pause at which the terminal is told that the store is away; the end tells anyway."""

CLOSING_LINE = 5.0
"""Seconds after which the terminal is told why the bench has not ended yet."""

PASSING = 10
"""How many failures that need no waiting are tried again at once."""

PATIENCE = 30.0
"""Seconds without progress after which the end of a bench waits no longer."""


class Writer(Protocol):
    """What writes runs somewhere."""

    def open(self) -> Opened:
        """Connect. Raises NotLogged."""
        ...

    def write(self, run: LoggedRun) -> None:
        """Write one run. Raises NotLogged."""
        ...

    def describe(self, note: str) -> None:
        """Write the experiment's note. Raises NotLogged."""
        ...

    def kill(self) -> None:
        """End, whatever is being done."""
        ...


class MlflowTracker:
    """Follows one bench: a thread writes what the tracking plan says and the store lacks.

    What is there is asked at the start and again after every failure, so that
    nothing is written twice, and what an earlier bench could not write is written.
    A store that fails is tried again later; the bench goes on without it.
    """

    def __init__(
        self,
        record: Callable[[Unit], Record | None],
        curves: Callable[[Unit], Mapping[str, Sequence[float | None]] | None],
        writer: Writer,
        store_name: str,
        report: Callable[[str], None],
    ) -> None:
        """``record`` and ``curves`` read what is recorded of a unit, as in TrackingPlan.

        ``store_name`` names the store for people; ``report`` gets lines for the terminal.
        """
        self._record = record
        self._curves = curves
        self._failures: dict[str, str] = {}
        self._plan: TrackingPlan | None = None
        self._writer = writer
        self._store_name = store_name
        self._report = report
        self._news = threading.Condition()
        self._survey: Survey | None = None
        self._found = Found((), "")
        self._exported: tuple[Survey | None, Found] = None, self._found
        self._closing = False
        self._connected = False
        self._passing = 0
        self._there = Contents()
        self._problem = "no answer"
        self._remedy = ""
        self._progress = time.monotonic()
        self._thread = threading.Thread(target=self._follow, name="mlflow", daemon=True)
        self._thread.start()

    @alharness.hookimpl
    def alharness_bench_started(self, bench: Bench) -> None:
        """Plan for this bench."""
        self._plan = TrackingPlan(bench, self._record, self._curves, self._failures)

    @alharness.hookimpl
    def alharness_bench_surveyed(self, survey: Survey) -> None:
        """Where every run stands now: the newest survey replaces one that waits."""
        with self._news:
            self._survey = survey
            self._news.notify_all()

    @alharness.hookimpl
    def alharness_unit_failed(self, unit: Mapping[str, Any], message: str) -> None:
        """Keep the message for the run's tag."""
        self._failures[unit["key"]] = message

    @alharness.hookimpl
    def alharness_bench_finished(self, summary: Mapping[str, Any]) -> None:
        """Add what was found: a run for each method, and a note."""
        what = found(summary, round(1000 * time.time()))
        with self._news:
            self._found = what
            self._news.notify_all()

    def close(self) -> None:
        """Write the rest, as long as that goes forward, and report what is missing."""
        began = time.monotonic()
        with self._news:
            self._closing = True
            self._news.notify_all()
        told = False
        try:
            while self._thread.is_alive():
                self._thread.join(0.1)
                now = time.monotonic()
                if now - max(began, self._progress) > PATIENCE:
                    break
                if not told and now - began > CLOSING_LINE:
                    told = True
                    self._report(f"Still logging to {self._store_name}")
        finally:
            self._writer.kill()
        self._thread.join()
        self._report_missing()

    def _follow(self) -> None:
        """Export until closed; after failures, wait longer and longer."""
        pause = 0.0
        while self._wait(pause):
            try:
                self._export()
                pause = 0.0
            except NotLogged as error:
                self._failed(error)
                if error.passing and self._passing < PASSING:
                    self._passing += 1
                    pause = 0.0
                    continue
                pause = min(2 * pause, LONGEST_PAUSE) or FIRST_PAUSE
                if pause == WORTH_A_LINE:
                    self._report(f"{self._store_name} is away ({self._problem}): the bench goes on")
            except Exception as error:
                self._problem, self._remedy = one_line(error), ""
                return

    def _failed(self, error: NotLogged) -> None:
        """Note why; say at once, and once, what only people can mend."""
        if error.remedy and error.remedy != self._remedy:
            self._report(
                f"Note: {self._store_name} cannot be opened ({error}): {error.remedy}. The bench "
                "goes on, and its results are recorded"
            )
        self._problem, self._remedy = str(error), error.remedy

    def _wait(self, pause: float) -> bool:
        """Whether to export: there is news, or the store had ``pause`` seconds to recover.

        At the end, what is missing is tried once more, unless that failed just now.
        """
        began = time.monotonic()
        with self._news:
            if not pause:
                self._news.wait_for(lambda: self._closing or self._is_behind())
                return self._is_behind()
            self._news.wait_for(lambda: self._closing, pause)
            return not self._closing or time.monotonic() - began >= FIRST_PAUSE

    def _is_behind(self) -> bool:
        survey, what = self._exported
        return self._survey is not survey or self._found is not what

    def _export(self) -> None:
        """Write what the latest survey has and the store has not. Raises NotLogged."""
        survey, what = self._survey, self._found
        if not self._connected:
            self._open()
        for planned in self._missing(survey, what):
            self._progress = time.monotonic()
            try:
                self._write(_built(planned))
            except NotLogged as error:
                if not error.lasting:
                    self._connected = False
                    raise
                self._there.refused[planned.key] = str(error)
            else:
                self._there.states[planned.key] = planned.state
        if what.note and what is not self._exported[1]:
            self._writer.describe(what.note)
        self._progress = time.monotonic()
        self._exported = survey, what

    def _missing(self, survey: Survey | None, what: Found) -> Iterator[Planned]:
        """What is to be written, a parent before what is nested in it."""
        if survey is not None and self._plan is not None:
            yield from self._plan.missing(survey, self._there)
        yield from (one for one in what.runs if not self._there.has(one))

    def _open(self) -> None:
        states, superseded, damage = self._writer.open()
        self._there = Contents(states, refused=self._there.refused)
        self._connected = True
        if damage is not None:
            self._report(
                f"{self._store_name} could not be used ({damage}): it was set aside in 'damaged', "
                "and is made again from the records"
            )
        if superseded is not None:
            self._report(f"MLflow runs of alharness 0.1 are kept apart, in '{superseded}'")

    def _write(self, run: LoggedRun) -> None:
        if run.parent in self._there.refused:
            raise NotLogged(self._there.refused[run.parent], lasting=True)
        self._writer.write(run)

    def _report_missing(self) -> None:
        """One line when something was not logged."""
        missing = list(self._missing(self._survey, self._found))
        if missing:
            first = f"{self._remedy}, then " if self._remedy else ""
            self._report(
                f"{len(missing)} MLflow runs were not logged to {self._store_name} "
                f"({self._problem}): {first}run the same command again to log them"
            )
        refused = self._there.refused
        if refused:
            reason = next(iter(refused.values()))
            self._report(f"{self._store_name} refused {len(refused)} MLflow runs ({reason})")


def _built(planned: Planned) -> LoggedRun:
    """The run; one that cannot be made up from its records is refused, and no other."""
    try:
        return planned.build()
    except Exception as error:
        raise NotLogged(one_line(error), lasting=True) from error

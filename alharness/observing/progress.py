"""Progress on the terminal: live bars for people, plain lines when piped."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
)

import alharness
from alharness.protocol.planning.run import State
from alharness.protocol.planning.survey import Survey
from alharness.protocol.planning.tally import estimate, overall
from alharness.protocol.units import Unit
from alharness.protocol.wording import clock

LINE_SECONDS = 10.0
"""At least so long between two plain lines."""

COUNTING_SHARE = 0.01
"""Counting the units of a bench takes at most about this share of its time."""


class Pace:
    """How far a bench is: units done of all, the cycle at work, trials per minute, time left.

    All units are counted only now and then, since a bench may have very many;
    in between, those that finish are added.
    """

    def __init__(
        self,
        seconds: Callable[[Unit], float | None],
        slots: int,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """``seconds`` gives the measured time of a recorded unit; ``slots`` work at once."""
        self._seconds = seconds
        self._slots = slots
        self._now = now
        self._began = now()
        self._trials = 0
        self._uncounted: Survey | None = None
        self._finished_since = 0
        self._count_again = self._began
        self.done = 0
        self.total = 0
        self.cycle = 0
        self.seconds_left: float | None = None
        self.at_least = False
        """Whether what is left takes longer, since some of it was not measured."""

    def surveyed(self, survey: Survey) -> None:
        """Where every run stands: counted unless that would take more than its share of time."""
        self._uncounted = survey
        self._finished_since = 0
        if self._now() >= self._count_again:
            self.settle()

    def settle(self) -> None:
        """Count what was surveyed last, if that was not done yet."""
        if self._uncounted is None:
            return
        began = self._now()
        self._count(self._uncounted)
        self._uncounted = None
        ended = self._now()
        self._count_again = ended + (ended - began) / COUNTING_SHARE

    def finished(self, unit: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        """Add a unit between two counts."""
        self.done += 1
        self._finished_since += 1
        self._trials += unit["kind"] == "trial"
        self.cycle = unit["inputs"].get("seed", {}).get("cycle", self.cycle)
        if self.seconds_left is not None:
            seconds = record["facts"]["seconds"] / self._slots
            self.seconds_left = max(0.0, self.seconds_left - seconds)

    @property
    def trials_per_minute(self) -> float:
        """Trials recorded since the bench was started, per minute."""
        return 60 * self._trials / max(self._now() - self._began, 1e-9)

    def __str__(self) -> str:
        more = "more than " if self.at_least else ""
        left = "" if self.seconds_left is None else f", {more}{clock(self.seconds_left)} left"
        return f"cycle {self.cycle}, {self.trials_per_minute:.0f} trials/min{left}"

    def _count(self, survey: Survey) -> None:
        numbers = overall(survey)
        self.done, self.total = numbers.done + self._finished_since, numbers.total
        ready = [
            entry.slot.cycle for entry in survey.units.values() if entry.step.state is State.READY
        ]
        self.cycle = min(ready, default=self.cycle)
        left = estimate(survey, self._seconds)
        self.seconds_left = None if left is None else left.seconds / self._slots
        self.at_least = left is not None and bool(left.uncounted)


class ProgressDisplay(ABC):
    """An observer that shows the pace of a bench."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace

    @alharness.hookimpl
    def alharness_bench_surveyed(self, survey: Survey) -> None:
        """Where every run stands now."""
        self.pace.surveyed(survey)
        self.show()

    @alharness.hookimpl
    def alharness_unit_finished(self, unit: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        """A unit was recorded."""
        self.pace.finished(unit, record)
        self.show()

    @alharness.hookimpl
    def alharness_unit_failed(self, message: str) -> None:
        """A unit failed."""
        self.say(f"failed: {message}")

    @abstractmethod
    def show(self) -> None:
        """Show the pace."""

    @abstractmethod
    def say(self, line: str) -> None:
        """Print a line that stays."""

    @abstractmethod
    def close(self) -> None:
        """Show nothing any more."""


class LiveProgress(ProgressDisplay):
    """One live bar over all units of a bench."""

    def __init__(self, console: Console, pace: Pace) -> None:
        super().__init__(pace)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("units · {task.fields[pace]}"),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("bench", total=None, pace="")
        self._progress.start()

    def show(self) -> None:
        """Move the bar."""
        self._progress.update(
            self._task, completed=self.pace.done, total=self.pace.total, pace=str(self.pace)
        )

    def say(self, line: str) -> None:
        """A line above the bar."""
        self._progress.console.print(line, markup=False, emoji=False, highlight=False)

    def close(self) -> None:
        """Remove the bar."""
        self._progress.stop()


class LineProgress(ProgressDisplay):
    """A plain line now and then."""

    def __init__(self, console: Console, pace: Pace) -> None:
        super().__init__(pace)
        self._console = console
        self._last = -LINE_SECONDS

    def show(self) -> None:
        """A line, unless there was one just now."""
        now = time.monotonic()
        if now - self._last >= LINE_SECONDS:
            self._last = now
            self._say_pace()

    def say(self, line: str) -> None:
        """A line at once."""
        self._console.print(line, markup=False, emoji=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """The last line, with exact numbers."""
        self.pace.settle()
        self._say_pace()

    def _say_pace(self) -> None:
        self.say(f"{self.pace.done}/{self.pace.total} units, {self.pace}")


def progress(console: Console, pace: Pace) -> ProgressDisplay:
    """Live on a terminal, plain lines otherwise."""
    return LiveProgress(console, pace) if console.is_terminal else LineProgress(console, pace)

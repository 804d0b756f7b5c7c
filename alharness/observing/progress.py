"""Progress on the terminal: live bars for people, plain lines when piped."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
)

from alharness.observing.durations import clock
from alharness.protocol.planning.run import State
from alharness.protocol.planning.survey import Survey
from alharness.protocol.planning.tally import estimate, overall, unique
from alharness.protocol.units import TrialInputs, Unit

if TYPE_CHECKING:
    from alharness.store.ledger import StoreLedger
    from alharness.store.records import Record

LINE_SECONDS = 10.0
"""At least so long between two plain lines."""


class Pace:
    """How far a bench is: units done of all, the cycle at work, trials per minute, time left."""

    def __init__(self, ledger: StoreLedger, slots: int) -> None:
        self._ledger = ledger
        self._slots = slots
        self._began = time.monotonic()
        self._trials = 0
        self.done = 0
        self.total = 0
        self.cycle = 0
        self.seconds_left: float | None = None

    def surveyed(self, survey: Survey) -> None:
        """Take the numbers from where every run stands."""
        numbers = overall(survey)
        self.done, self.total = numbers.done, numbers.total
        ready = [
            entry.slot.cycle for entry in unique(survey).values() if entry.step.state is State.READY
        ]
        self.cycle = min(ready, default=self.cycle)
        left = estimate(survey, self._ledger.seconds)
        self.seconds_left = None if left is None else left / self._slots

    def finished(self, unit: Unit, record: Record) -> None:
        """Count a unit between two surveys."""
        self.done += 1
        self._trials += unit.kind == "trial"
        if isinstance(unit.inputs, TrialInputs) and unit.inputs.seed.cycle is not None:
            self.cycle = unit.inputs.seed.cycle
        if self.seconds_left is not None:
            self.seconds_left = max(0.0, self.seconds_left - record.facts["seconds"] / self._slots)

    @property
    def trials_per_minute(self) -> float:
        """Trials recorded since the bench was started, per minute."""
        return 60 * self._trials / max(time.monotonic() - self._began, 1e-9)

    def __str__(self) -> str:
        left = "" if self.seconds_left is None else f", {clock(self.seconds_left)} left"
        return f"cycle {self.cycle}, {self.trials_per_minute:.0f} trials/min{left}"


class TerminalProgress:
    """One live bar over all units of a bench."""

    def __init__(self, console: Console, pace: Pace) -> None:
        self._pace = pace
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

    def surveyed(self, survey: Survey) -> None:
        """Where every run stands now."""
        self._pace.surveyed(survey)
        self._show()

    def finished(self, unit: Unit, record: Record) -> None:
        """A unit was recorded."""
        self._pace.finished(unit, record)
        self._show()

    def failed(self, unit: Unit, message: str) -> None:
        """A unit failed."""
        self._progress.console.print(f"failed: {message}", markup=False, highlight=False)

    def close(self) -> None:
        """Remove the bar."""
        self._progress.stop()

    def _show(self) -> None:
        self._progress.update(
            self._task, completed=self._pace.done, total=self._pace.total, pace=str(self._pace)
        )


class LineProgress:
    """A plain line now and then."""

    def __init__(self, console: Console, pace: Pace) -> None:
        self._console = console
        self._pace = pace
        self._last = -LINE_SECONDS

    def surveyed(self, survey: Survey) -> None:
        """Where every run stands now."""
        self._pace.surveyed(survey)
        self._line()

    def finished(self, unit: Unit, record: Record) -> None:
        """A unit was recorded."""
        self._pace.finished(unit, record)
        self._line()

    def failed(self, unit: Unit, message: str) -> None:
        """A unit failed."""
        self._print(f"failed: {message}")

    def close(self) -> None:
        """The last line."""
        self._print(f"{self._pace.done}/{self._pace.total} units, {self._pace}")

    def _line(self) -> None:
        now = time.monotonic()
        if now - self._last >= LINE_SECONDS:
            self._last = now
            self._print(f"{self._pace.done}/{self._pace.total} units, {self._pace}")

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def progress(console: Console, pace: Pace) -> TerminalProgress | LineProgress:
    """Live on a terminal, plain lines otherwise."""
    return TerminalProgress(console, pace) if console.is_terminal else LineProgress(console, pace)

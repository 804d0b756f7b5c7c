"""The values that charts draw, as tables: for keyboards, screen readers and those who want digits."""

from __future__ import annotations

from collections.abc import Iterator

from alharness.leaderboard import wording
from alharness.leaderboard.site.board import Board, Entry
from alharness.leaderboard.site.cells import Cell, Column, Row, Table, number
from alharness.leaderboard.site.results_table import MARKS
from alharness.results.document import MethodFindings
from alharness.statistics import Interval


def values(entry: Entry, board: Board) -> tuple[Table, ...]:
    """A table for each chart, a row for each method, a column for each number of labels."""
    scenario, found = entry.scenario, entry.found.methods
    accuracies = _table(
        "Test accuracy in %, mean [95 % interval]", scenario.labels, entry, board, _accuracies
    )
    if all(one.marks is None for one in found.values()):
        return (accuracies,)
    title = f"Difference to {scenario.reference} in percentage points [adjusted interval]"
    return accuracies, _table(title, scenario.labels[1:], entry, board, _differences)


def _table(caption, labels, entry, board, cells):  # type: ignore[no-untyped-def]
    scenario = entry.scenario
    return Table(
        caption=caption,
        columns=(
            Column("method", numeric=False),
            *(Column(wording.budget(one, scenario.n_train)) for one in labels),
        ),
        rows=tuple(
            Row(Cell(one.method, one.method, href=board.path_of(one)), tuple(cells(found)))
            for one in scenario.methods
            if (found := entry.found.methods[one.method]) and (cells is _accuracies or found.marks)
        ),
    )


def _accuracies(found: MethodFindings) -> Iterator[Cell]:
    for point in found.curve:
        mean = None if point.mean is None else f"{100 * point.mean:.2f}"
        yield number(point.mean, f"{mean}{_between(point.interval)}")


def _differences(found: MethodFindings) -> Iterator[Cell]:
    for mark in found.marks or ():
        yield number(mark.difference, wording.difference(mark), MARKS.get(mark.verdict, ""))


def _between(interval: Interval | None) -> str:
    if interval is None:
        return ""
    return f" [{100 * interval.low:.2f}, {100 * interval.high:.2f}]"

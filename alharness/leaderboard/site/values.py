"""The values that charts draw, as tables: for keyboards, screen readers and copying."""

from __future__ import annotations

from collections.abc import Iterator

from alharness.leaderboard import wording
from alharness.leaderboard.site.board import Board, Entry
from alharness.leaderboard.site.cells import Cell, Column, Row, Table, number
from alharness.leaderboard.site.charts import in_unit
from alharness.leaderboard.site.results_table import MARKS
from alharness.leaderboard.tables import numerals
from alharness.results.document import MethodFindings


def values(entry: Entry, board: Board) -> tuple[Table, ...]:
    """A table for each chart, a row for each method, a column for each number of labels."""
    found = entry.found.methods
    means = Table(
        caption=f"{entry.measure.title}{in_unit(entry.unit)}, mean [95 % interval]",
        columns=_columns(entry, entry.scenario.labels),
        rows=_rows(entry, board, {name: tuple(_means(one, entry)) for name, one in found.items()}),
    )
    tested = {name: tuple(_differences(one, entry)) for name, one in found.items() if one.marks}
    if not tested:
        return (means,)
    differences = Table(
        caption=f"Difference to {entry.scenario.reference}{in_unit(entry.unit_of_differences)} "
        "[interval adjusted for all budgets]",
        columns=_columns(entry, entry.scenario.labels[entry.scenario.first_tested :]),
        rows=_rows(entry, board, tested),
    )
    return means, differences


def _columns(entry: Entry, labels: tuple[int, ...]) -> tuple[Column, ...]:
    budgets = (Column(wording.budget(one, entry.scenario.n_images)) for one in labels)
    return (Column("method", numeric=False), *budgets)


def _rows(entry: Entry, board: Board, cells: dict[str, tuple[Cell, ...]]) -> tuple[Row, ...]:
    return tuple(
        Row(Cell(one.method, one.method, href=board.path_of(one)), cells[one.method])
        for one in entry.scenario.methods
        if one.method in cells
    )


def _means(found: MethodFindings, entry: Entry) -> Iterator[Cell]:
    for point in found.curve:
        value = point.mean
        text = "" if value is None else numerals.ranged(value, point.interval, entry.scale)
        yield number(value, text)


def _differences(found: MethodFindings, entry: Entry) -> Iterator[Cell]:
    for mark in found.marks or ():
        value = mark.difference
        text = "" if value is None else numerals.effect(value, mark.interval, entry.scale)
        yield number(value, text, MARKS.get(mark.verdict, ""))

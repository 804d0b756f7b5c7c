"""Tables as CSV: numbers as they are computed, in the metric's unit, intervals in columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from alharness.api.text import one_line
from alharness.leaderboard.tables.table import Cell, Column, Estimate, Kind, Table

_FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet would compute."""

_ENDS = {Kind.MEAN, Kind.EFFECT, Kind.RANGE}


def csv_text(table: Table) -> str:
    """Header and rows, lines ended by a line feed.

    A column of estimates is one of values, and those of the ends of their intervals (``_low``,
    ``_high``), of marks (``_mark``: better, worse) or of bounds (``_bound``). An empty cell is one
    with nothing to say. A text that a spreadsheet would compute has an apostrophe before it.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([name for column in table.columns for name in _names(column)])
    for row in table.rows:
        cells = zip(table.columns, row, strict=True)
        writer.writerow([value for column, cell in cells for value in _values(column, cell)])
    return stream.getvalue()


def _names(column: Column) -> Iterator[str]:
    if column.kind is not Kind.INTERVAL:
        yield column.key
    if column.kind in (*_ENDS, Kind.INTERVAL):
        yield from (f"{column.key}_low", f"{column.key}_high")
    if column.kind is Kind.MEAN:
        yield f"{column.key}_mark"
    if column.kind is Kind.RANGE:
        yield f"{column.key}_bound"


def _values(column: Column, cell: Cell) -> Iterator[str]:
    if isinstance(cell, str):
        text = one_line(cell)
        yield f"'{text}" if text.startswith(_FORMULA) else text
        return
    if column.kind in (Kind.TEXT, Kind.COUNT, Kind.P_VALUE) or (
        column.kind is Kind.NUMBER and not isinstance(cell, Estimate)
    ):
        assert not isinstance(cell, Estimate)
        yield _number(cell)
        return
    one = cell if isinstance(cell, Estimate) else Estimate(None)
    if column.kind is not Kind.INTERVAL:
        yield _number(one.value)
    if column.kind in (*_ENDS, Kind.INTERVAL):
        yield from (_number(one.low), _number(one.high))
    if column.kind is Kind.MEAN:
        yield {"▲": "better", "▼": "worse"}.get(one.mark, "")
    if column.kind is Kind.RANGE:
        yield {"≥": "at-least", "≤": "at-most"}.get(one.bound, "")


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)

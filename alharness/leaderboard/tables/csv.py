"""Tables as CSV: numbers as they are computed, in the metric's unit, intervals in columns."""

from __future__ import annotations

import csv
import io

from alharness.api.text import one_line
from alharness.leaderboard.tables.table import Cell, Column, Estimate, Kind, Table

_FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet would compute."""

_PARTS = {
    Kind.MEAN: ("", "_low", "_high", "_mark"),
    Kind.EFFECT: ("", "_low", "_high"),
    Kind.RANGE: ("", "_low", "_high", "_bound"),
    Kind.INTERVAL: ("_low", "_high"),
}
"""The columns that a column of estimates becomes, by what is behind its key."""

_WORDS = {"▲": "better", "▼": "worse", "≥": "at-least", "≤": "at-most"}


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


def _names(column: Column) -> list[str]:
    return [f"{column.key}{part}" for part in _PARTS.get(column.kind, ("",))]


def _values(column: Column, cell: Cell) -> list[str]:
    if isinstance(cell, str):
        text = one_line(cell)
        return [f"'{text}" if text.startswith(_FORMULA) else text]
    if column.kind not in _PARTS:
        assert not isinstance(cell, Estimate)
        return [_number(cell)]
    one = cell if isinstance(cell, Estimate) else Estimate(None)
    parts = {
        "": _number(one.value),
        "_low": _number(one.low),
        "_high": _number(one.high),
        "_mark": _WORDS.get(one.mark, ""),
        "_bound": _WORDS.get(one.bound, ""),
    }
    return [parts[part] for part in _PARTS[column.kind]]


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)

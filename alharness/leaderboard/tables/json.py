"""Tables as JSON: numbers as they are computed, in the metric's unit."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from alharness.leaderboard.tables.table import Cell, Estimate, Table


def json_value(table: Table) -> dict[str, Any]:
    """The members of a table; a row is an object by the columns' keys.

    A column has ``key``, ``title``, ``kind``, ``align``, and ``factor`` and ``digits``, by which
    its numbers are shown. A cell is a text, a number, null, or an object of an estimate: ``value``,
    ``low``, ``high``, ``mark``, ``bound``.
    """
    keys = [column.key for column in table.columns]
    return {
        "name": table.name,
        "group": table.group,
        "caption": table.caption,
        "columns": [
            {
                "key": column.key,
                "title": column.title,
                "kind": column.kind.value,
                "align": column.align,
                **asdict(column.scale),
            }
            for column in table.columns
        ],
        "rows": [dict(zip(keys, map(_cell, row), strict=True)) for row in table.rows],
        "notes": list(table.notes),
    }


def _cell(cell: Cell) -> Any:
    return asdict(cell) if isinstance(cell, Estimate) else cell

"""Tables written out: in each format, and into files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import chain, count
from pathlib import Path

from alharness.leaderboard.tables.csv import csv_text
from alharness.leaderboard.tables.json import json_value
from alharness.leaderboard.tables.latex import latex
from alharness.leaderboard.tables.markdown import markdown
from alharness.leaderboard.tables.table import Table
from alharness.store.files import write_over

LONGEST_NAME = 100
"""Characters of a folder's name."""


def json_text(value: object) -> str:
    """JSON as it is printed and written."""
    return json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


WRITERS: Mapping[str, Callable[[Table], str]] = {
    "md": markdown,
    "tex": latex,
    "csv": csv_text,
    "json": lambda table: json_text(json_value(table)),
}
"""How a table is written, by the ending of its file."""


def write_tables(tables: Iterable[Table], folder: Path) -> None:
    """Write each table in each format: ``GROUP/NAME.md``, ``.tex``, ``.csv``, ``.json``.

    Raises HarnessError when the disk refuses.
    """
    written = list(tables)
    folders = _folders(table.group for table in written)
    for table in written:
        for ending, text in WRITERS.items():
            path = folder / folders[table.group] / f"{table.name}.{ending}"
            write_over(path, text(table).encode())


def _folders(groups: Iterable[str]) -> dict[str, str]:
    """A name for each group that every file system takes, and no other has."""
    names: dict[str, str] = {}
    for group in dict.fromkeys(groups):
        name = re.sub(r"[^a-z0-9]+", "-", group.lower()).strip("-")[:LONGEST_NAME] or "table"
        others = (f"{name}-{number}" for number in count(2))
        taken = set(names.values())
        names[group] = next(one for one in chain([name], others) if one not in taken)
    return names

"""How tables are laid out for the width that there is: no number is cut, no word broken."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

EMPTY = ("", "–")
"""Cells that say nothing."""

_GAP = 2


def output() -> Console:
    """Standard output: as wide as ``COLUMNS`` or the terminal; else never wrapped, for grep."""
    console = Console(emoji=False)
    named = os.environ.get("COLUMNS", "").strip("0").isdecimal()
    if not (named or console.is_terminal):
        console.width = 10_000
    return console


def boxed(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table with lines, a row for each of ``rows``; numbers to the right."""
    table = Table(title=Text(title), title_justify="left")
    for number, name in enumerate(header):
        table.add_column(Text(name), justify="left" if number == 0 else "right")
    for cells in rows:
        table.add_row(*map(Text, cells))
    return table


def fits(table: Table, console: Console) -> bool:
    """Whether a table is printed as it is, nothing in it wrapped."""
    unbounded = console.options.update_width(1_000_000)
    return console.measure(table, options=unbounded).maximum <= console.width


def turned(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[Table]:
    """The same table on its side: a line for each name of ``header``, the rows side by side.

    As many rows as fit into ``width`` stand in one table, the others in those that follow; the
    first cells of the rows head them. Names for which no row says anything are left out.
    """
    said = [n for n in range(len(header)) if any(row[n] not in EMPTY for row in rows)]
    names = max(cell_len(header[n]) for n in said)
    for together in _side_by_side([[row[n] for n in said] for row in rows], width - names):
        table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
        table.add_column(Text(header[said[0]]), overflow="fold")
        for cells in together:
            table.add_column(Text(cells[0]), justify="right", overflow="fold")
        for line, n in enumerate(said[1:], start=1):
            table.add_row(Text(header[n]), *(Text(cells[line]) for cells in together))
        yield table


def _side_by_side(rows: Sequence[Sequence[str]], width: int) -> Iterator[list[Sequence[str]]]:
    """Rows in groups that fit beside one another; one that fits nowhere stands alone."""
    together: list[Sequence[str]] = []
    left = width
    for row in rows:
        needed = _GAP + max(map(cell_len, row))
        if together and needed > left:
            yield together
            together, left = [], width
        together.append(row)
        left -= needed
    if together:
        yield together

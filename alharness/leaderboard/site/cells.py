"""Tables of a page: what a template lays out, and what a script sorts and filters by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from alharness.leaderboard.figures.scales import Scale
from alharness.statistics import Interval


@dataclass(frozen=True)
class Column:
    """A column. numeric: it is set to the right, and sorted from high to low at first."""

    title: str
    numeric: bool = True
    note: str = ""


@dataclass(frozen=True)
class Bar:
    """An interval drawn in a cell, and where zero is; places from 0 to 100."""

    low: str
    high: str
    at: str
    zero: str


@dataclass(frozen=True)
class Cell:
    """A cell. sort: a number as text, or a text, to sort by; empty comes last.

    mark: how it is coloured: ``better``, ``worse``, ``muted`` or nothing.
    """

    text: str = ""
    sort: str = ""
    mark: str = ""
    href: str | None = None
    detail: str = ""
    bar: Bar | None = None


@dataclass(frozen=True)
class Row:
    """A row.

    head: its first cell. verdict: what it is filtered by. kind: ``reference``, ``outdated``,
    ``upper`` for what sees labels, ``co-trained`` for what trains the task
    model along, ``looked`` for what is looked at, ``lacking`` for what is not applicable, or
    nothing.
    """

    head: Cell
    cells: tuple[Cell, ...]
    kind: str = ""
    verdict: str = ""


@dataclass(frozen=True)
class Table:
    """A table; the first column is that of the rows' heads."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = field(default=())


def number(value: float | None, text: str, mark: str = "", detail: str = "") -> Cell:
    """A cell that is sorted by a number; a dash where there is none."""
    if value is None:
        return Cell("–", "", "muted")
    return Cell(text, f"{value:.12g}", mark, detail=detail)


def bars(intervals: Iterable[tuple[float, Interval | None] | None]) -> list[Bar | None]:
    """Bars of differences on one scale, with zero in it; None where there is no interval."""
    given = list(intervals)
    ends = [0.0]
    for one in filter(None, given):
        ends += [one[0]] if one[1] is None else [one[0], one[1].low, one[1].high]
    scale = Scale(min(ends), max(ends), 3, 97)

    def bar(one: tuple[float, Interval | None] | None) -> Bar | None:
        if one is None or one[1] is None:
            return None
        places = (f"{scale(at):z.1f}" for at in (one[1].low, one[1].high, one[0], 0.0))
        return Bar(*places)

    return [bar(one) for one in given]

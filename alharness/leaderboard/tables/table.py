"""A table: columns that say what their cells are, and cells that are numbers, not texts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal, TypeAlias

from alharness.leaderboard.tables import numerals
from alharness.leaderboard.tables.numerals import NOTHING, PLAIN, Scale

Mark: TypeAlias = Literal["", "▲", "▼"]
"""Significantly better or worse than the reference."""

Bound: TypeAlias = Literal["", "≥", "≤"]
"""A number that is a bound of the true one."""


@dataclass(frozen=True)
class Estimate:
    """A number with its interval, in the unit of its metric; None for what there is not."""

    value: float | None
    low: float | None = None
    high: float | None = None
    mark: Mark = ""
    bound: Bound = ""


Cell: TypeAlias = str | int | float | Estimate | None
"""None where there is nothing to say."""


class Kind(Enum):
    """What the cells of a column are, and how they are written."""

    TEXT = "text"
    """Words, to the left."""
    COUNT = "count"
    """Whole numbers."""
    NUMBER = "number"
    """``92.38``."""
    P_VALUE = "p-value"
    """``0.0039``, ``<0.0001``."""
    MEAN = "mean"
    """Estimates: ``92.38 ± 1.76 ▲``."""
    EFFECT = "effect"
    """Estimates of a difference: ``+0.91 [+0.66, +1.16]``."""
    RANGE = "range"
    """Estimates: ``0.35 [0.24, 0.67]``, ``≥ 23.10``."""
    INTERVAL = "interval"
    """The interval of an estimate alone: ``[+0.66, +1.16]``."""


@dataclass(frozen=True)
class Column:
    """A column. key: its name in CSV and JSON. title: for people. scale: how numbers are shown."""

    key: str
    title: str
    kind: Kind = Kind.TEXT
    scale: Scale = PLAIN

    @property
    def align(self) -> Literal["left", "right"]:
        """Text stands to the left, numbers to the right."""
        return "left" if self.kind is Kind.TEXT else "right"

    def text(self, cell: Cell) -> str:
        """A cell of this column as people read it. Raises TypeError for one of another kind."""
        if cell is None:
            return NOTHING
        match self.kind, cell:
            case Kind.TEXT, str():
                return cell
            case Kind.COUNT, int():
                return str(cell)
            case Kind.NUMBER, int() | float():
                return numerals.number(cell, self.scale)
            case Kind.P_VALUE, int() | float():
                return numerals.p_value(cell)
            case _, Estimate():
                return self._estimate(cell)
        raise TypeError(f"{cell!r} in a column of kind {self.kind.value}")

    def _estimate(self, cell: Estimate) -> str:
        if cell.value is None:
            return NOTHING
        ends = None if cell.low is None or cell.high is None else (cell.low, cell.high)
        match self.kind:
            case Kind.MEAN:
                return _marked(numerals.mean(cell.value, ends, self.scale), cell.mark)
            case Kind.EFFECT:
                return numerals.effect(cell.value, ends, self.scale)
            case Kind.RANGE:
                return _marked(cell.bound, numerals.ranged(cell.value, ends, self.scale))
            case Kind.INTERVAL:
                return NOTHING if ends is None else numerals.interval(ends, self.scale)
        raise TypeError(f"an estimate in a column of kind {self.kind.value}")


@dataclass(frozen=True)
class Table:
    """A table. name: in kebab-case, for files. group: what it is a table of, with other tables.

    caption: above it. notes: below it, in order. Rows have a cell for each column.
    """

    name: str
    group: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.name}: {len(row)} cells, {len(self.columns)} columns")

    @property
    def header(self) -> list[str]:
        """The titles."""
        return [column.title for column in self.columns]

    def texts(self) -> list[list[str]]:
        """The cells as people read them."""
        return [
            [column.text(cell) for column, cell in zip(self.columns, row, strict=True)]
            for row in self.rows
        ]


def _marked(*parts: str) -> str:
    return " ".join(filter(None, parts))

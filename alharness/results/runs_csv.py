"""Runs in a CSV made anywhere: a row for each run and budget, checked line by line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from alharness.api.errors import UsageError
from alharness.api.text import one_line
from alharness.protocol.wording import did_you_mean
from alharness.statistics import MEASURES
from alharness.store.files import read

KEYS = ("method", "initial_set", "seed", "budget")
"""The columns that say which run and budget a row is of; a column for each metric stands beside."""

LARGEST_FILE = 64 << 20
"""Bytes."""

MOST_VALUES = 10_000_000
"""Methods × initial sets × seeds × budgets."""

LONGEST_NAME = 200
"""Characters of a method's name, and of that of an initial set or a seed."""

_HIGHEST = {"nll": np.inf, "brier": 2.0}
"""Of a metric that may be above 1."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)
_BUDGET = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, eq=False)
class Runs:
    """What a CSV holds.

    labels: (C,), its budgets, increasing. values: by metric, by method in the order of the file,
    (I, J, C) float64, aligned, NaN where a run is missing or a cell is empty. Initial sets and the
    seeds of each stand in the order of their numbers, or of their names where one is no number.
    """

    labels: tuple[int, ...]
    values: Mapping[str, Mapping[str, NDArray[np.float64]]]


class _Run(NamedTuple):
    method: str
    initial_set: str
    seed: str

    def __str__(self) -> str:
        return f"run ({self.method}, initial set {self.initial_set}, seed {self.seed})"


class _Row(NamedTuple):
    line: int
    run: _Run
    budget: int
    values: tuple[float, ...]


def read_runs(path: Path) -> Runs:
    """The runs in a CSV with the columns ``KEYS`` and one or more metrics, in any order.

    UTF-8, with or without a byte order mark, any line ends. An empty cell of a metric is a value
    that is missing; a run may be missing as a whole. Raises UsageError, with the line, for
    anything else.
    """
    lines = _lines(_text(path), str(path))
    _, header = next(lines, (0, []))
    columns = _columns(header, str(path))
    rows = [_row(line, cells, columns, str(path)) for line, cells in lines]
    if not rows:
        raise UsageError(
            "holds no runs", where=str(path), remedy=f"Write rows of {', '.join(columns)}"
        )
    return _runs(rows, [name for name in columns if name in MEASURES], str(path))


def _text(path: Path) -> str:
    """What the file holds, as text."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UsageError(
                f"has more than {LARGEST_FILE >> 20} MiB", where=str(path), remedy="Split it"
            )
        data = read(path)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _refuse(str(path), line, f"byte {data[error.start]:#04x} is no UTF-8", "Save it as UTF-8")


def _lines(text: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Each row's line and cells; blank lines are none."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield reader.line_num, stripped
    except csv.Error as error:
        _refuse(where, reader.line_num, f"is no CSV: {error}", "Mend that line")


def _columns(header: Sequence[str], where: str) -> Sequence[str]:
    """The names of the columns, all of them known."""
    known = (*KEYS, *MEASURES)
    all_of_them = f"Columns are {', '.join(KEYS)}, and one or more of {', '.join(MEASURES)}"
    if not header:
        raise UsageError("is empty", where=where, remedy=all_of_them)
    if len(header) == 1 and re.search("[;\t]", header[0]):
        _refuse(where, 1, "has one column", "Separate columns by commas")
    for number, name in enumerate(header):
        if name in header[:number]:
            _refuse(where, 1, f"column '{name}' is there twice", "Remove one of them")
    for name in KEYS:
        if name not in header:
            _refuse(where, 1, f"column '{name}' is missing", all_of_them)
    for name in header:
        if name not in known:
            _refuse(where, 1, f"unknown column '{name}'", did_you_mean(name, known))
    if len(header) == len(KEYS):
        _refuse(where, 1, "there is no column of a metric", all_of_them)
    return header


def _row(line: int, cells: Sequence[str], columns: Sequence[str], where: str) -> _Row:
    if len(cells) != len(columns):
        _refuse(where, line, f"has {len(cells)} cells, the header {len(columns)}", "Mend that line")
    row = dict(zip(columns, cells, strict=True))
    for name in KEYS[:3]:
        text = row[name]
        if not text:
            _refuse(where, line, f"{name} is empty", "Write its name or number")
        if len(text) > LONGEST_NAME or not text.isprintable():
            _refuse(
                where,
                line,
                f"{name} '{one_line(text, 60)}' has more than {LONGEST_NAME} characters, or some "
                "that cannot be printed",
                "Rename it",
            )
    budget = row["budget"]
    if not _BUDGET.fullmatch(budget) or int(budget) == 0:
        _refuse(
            where,
            line,
            f"budget '{one_line(budget, 60)}' is no whole number of 1 or more",
            "Write how many labels the run had",
        )
    run = _Run(row["method"], row["initial_set"], row["seed"])
    values = tuple(_value(line, name, row[name], where) for name in columns if name in MEASURES)
    return _Row(line, run, int(budget), values)


def _value(line: int, name: str, text: str, where: str) -> float:
    """A metric's value; NaN for an empty cell."""
    if not text:
        return float("nan")
    shown = f"{name} '{one_line(text, 60)}'"
    infinite = _INFINITE.fullmatch(text)
    if not infinite and not _NUMBER.fullmatch(text):
        remedy = "Write 0.95, with a point; leave the cell empty for what is missing"
        _refuse(where, line, f"{shown} is not a number", remedy)
    value = float(text)
    if np.isinf(value):
        _refuse(where, line, f"{shown} is infinite", "Leave the cell empty where there is none")
    high = _HIGHEST.get(name, 1.0)
    if not 0 <= value <= high:
        limits = f"in 0..{high:g}" if np.isfinite(high) else "0 or more"
        percent = high == 1 and 1 < value <= 100
        remedy = "Is it percent? Divide by 100" if percent else "Mend that cell"
        _refuse(where, line, f"{shown} is not {limits}", remedy)
    return value


def _runs(rows: Sequence[_Row], metrics: Sequence[str], where: str) -> Runs:
    budgets = sorted({row.budget for row in rows})
    methods = list(dict.fromkeys(row.run.method for row in rows))
    places = _places({row.run for row in rows})
    n_sets = 1 + max(initial_set for initial_set, _ in places.values())
    n_seeds = 1 + max(seed for _, seed in places.values())
    shape = (n_sets, n_seeds, len(budgets))
    if len(methods) * n_sets * n_seeds * len(budgets) > MOST_VALUES:
        raise UsageError(
            f"{len(methods)} methods x {n_sets} initial sets x {n_seeds} seeds x {len(budgets)} "
            f"budgets are more than {MOST_VALUES} values",
            where=where,
            remedy="Split it",
        )
    _refuse_repeats(rows, where)
    _refuse_uneven(rows, budgets, where)
    column = {budget: number for number, budget in enumerate(budgets)}
    values = {metric: {method: np.full(shape, np.nan) for method in methods} for metric in metrics}
    for row in rows:
        place = (*places[row.run.initial_set, row.run.seed], column[row.budget])
        for metric, value in zip(metrics, row.values, strict=True):
            values[metric][row.run.method][place] = value
    return Runs(tuple(budgets), values)


def _places(runs: set[_Run]) -> dict[tuple[str, str], tuple[int, int]]:
    """Where each (initial set, seed) lies; seeds are counted within their initial set."""
    seeds: dict[str, set[str]] = {}
    for run in runs:
        seeds.setdefault(run.initial_set, set()).add(run.seed)
    return {
        (initial_set, seed): (i, j)
        for i, initial_set in enumerate(_ordered(seeds))
        for j, seed in enumerate(_ordered(seeds[initial_set]))
    }


def _ordered(names: Mapping[str, object] | set[str]) -> list[str]:
    if all(_BUDGET.fullmatch(name) for name in names):
        return sorted(names, key=lambda name: (int(name), name))
    return sorted(names)


def _refuse_repeats(rows: Sequence[_Row], where: str) -> None:
    first: dict[tuple[_Run, int], int] = {}
    for row in rows:
        before = first.setdefault((row.run, row.budget), row.line)
        if before != row.line:
            _refuse(
                where,
                row.line,
                f"{row.run} has budget {row.budget} twice, in line {before} too",
                "Remove one of them",
            )


def _refuse_uneven(rows: Sequence[_Row], budgets: Sequence[int], where: str) -> None:
    """All runs have all budgets."""
    reached: dict[_Run, set[int]] = {}
    last: dict[_Run, int] = {}
    for row in rows:
        reached.setdefault(row.run, set()).add(row.budget)
        last[row.run] = row.line
    for run, there in reached.items():
        if len(there) < len(budgets):
            missing = next(budget for budget in budgets if budget not in there)
            _refuse(
                where,
                last[run],
                f"{run} has {len(there)} of {len(budgets)} budgets, not {missing}",
                "Add a row with an empty cell for what is missing",
            )


def _refuse(where: str, line: int, what: str, remedy: str) -> NoReturn:
    raise UsageError(what, where=f"{where}, line {line}", remedy=remedy)

"""How long things took: compared within one kind of machine only, and never with accuracy."""

from __future__ import annotations

from collections.abc import Iterator

from alharness.leaderboard.caveats import machine_words
from alharness.leaderboard.site.board import Board, Entry
from alharness.leaderboard.site.cells import Cell, Column, Row, Table, number
from alharness.protocol.wording import clock
from alharness.results.companions import Machine, Times
from alharness.results.document import Scenario


def selection_seconds(scenario: Scenario) -> dict[str, float]:
    """Seconds that a run's queries take, by method: a median for each query, added up.

    Empty unless all that is known was measured on one kind of machine.
    """
    times = scenario.times or ()
    if len({one.machine for one in times}) != 1 or any(one.machine is None for one in times):
        return {}
    found = {one.method: _queries(one) for one in times}
    return {method: seconds for method, seconds in found.items() if seconds is not None}


def times_tables(entry: Entry, board: Board) -> tuple[Table, ...]:
    """A table for each kind of machine, as they come."""
    times = entry.scenario.times or ()
    machines = dict.fromkeys(one.machine for one in times)
    return tuple(
        _table(machine, [one for one in times if one.machine == machine], entry, board)
        for machine in machines
    )


def _table(machine: Machine | None, times: list[Times], entry: Entry, board: Board) -> Table:
    queries = range(len(entry.scenario.labels) - 1)
    methods = {one.method: one for one in entry.scenario.methods}
    return Table(
        caption=f"On {machine_words(machine)}",
        columns=(
            Column("method", numeric=False),
            *(Column(f"query {n + 1}", note="seconds, median") for n in queries),
            Column("trainings", note="with a time"),
            Column("time of trainings", note="in all"),
        ),
        rows=tuple(
            Row(
                Cell(one.method, one.method, href=board.path_of(methods[one.method])),
                tuple(_cells(one)),
            )
            for one in times
        ),
    )


def _cells(one: Times) -> Iterator[Cell]:
    for query in one.queries:
        yield number(query.median, "" if query.median is None else f"{query.median:.3g}")
    yield number(one.trainings, str(one.trainings))
    yield number(one.training_seconds, clock(one.training_seconds))


def _queries(one: Times) -> float | None:
    medians = [query.median for query in one.queries if query.median is not None]
    return sum(medians) if medians else None

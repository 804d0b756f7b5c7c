"""How long queries and trainings took, by the kind of machine: facts, and no results."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import NamedTuple

from alharness.protocol.machine import Machine
from alharness.protocol.planning.run import Run
from alharness.protocol.units import Unit
from alharness.results.companions import QueryTimes, Times
from alharness.results.machines import written
from alharness.results.recorded import Recorded


class Took(NamedTuple):
    """What a unit took, in seconds, and where; ``cycle`` is that of a query, None of a training."""

    machine: Machine | None
    cycle: int | None
    seconds: float


def times(
    method: str, runs: Sequence[Run], trainings: Iterable[Unit], ledger: Recorded
) -> tuple[Times, ...]:
    """Times of a method's queries, and of the trainings that its runs are made of."""
    cycles = runs[0].condition.cycles
    return by_machine(method, cycles, _took(runs, trainings, ledger))


def by_machine(method: str, cycles: int, took: Iterable[Took]) -> tuple[Times, ...]:
    """Times by the kind of machine, the one that is not known last; ``cycles`` has the last one."""
    found: dict[Machine | None, dict[int | None, list[float]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for machine, cycle, seconds in took:
        found[machine][cycle].append(seconds)
    kinds = sorted(found, key=lambda machine: (machine is None, machine or ()))
    return tuple(
        Times(
            method=method,
            machine=written(machine),
            queries=tuple(_queries(found[machine][cycle]) for cycle in range(cycles - 1)),
            trainings=len(found[machine][None]),
            training_seconds=_total(found[machine][None]),
        )
        for machine in kinds
    )


def _took(runs: Sequence[Run], trainings: Iterable[Unit], ledger: Recorded) -> Iterator[Took]:
    units = [(None, unit) for unit in trainings]
    queries = [
        (slot.cycle, step.unit)
        for run in runs
        for slot, step in run.steps.items()
        if slot.kind == "query" and run.is_done(slot) and step.unit is not None
    ]
    for cycle, unit in [*units, *queries]:
        seconds = ledger.seconds(unit)
        if seconds is not None and math.isfinite(seconds):
            yield Took(ledger.machine(unit), cycle, seconds)


def _queries(seconds: Sequence[float]) -> QueryTimes:
    return QueryTimes(
        n=len(seconds),
        median=round(median(seconds), 6) if seconds else None,
        total=_total(seconds),
    )


def _total(seconds: Iterable[float]) -> float:
    return round(math.fsum(seconds), 6)

"""Counting: how many units a bench has, how they stand, and how long the rest takes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from alharness.protocol.planning.entries import Entry, entries
from alharness.protocol.planning.run import SlotKind, State
from alharness.protocol.planning.survey import Survey
from alharness.protocol.units import Unit


@dataclass(frozen=True)
class Tally:
    """Numbers of units. ``shared`` are those that serve several methods, counted with each."""

    done: int = 0
    ready: int = 0
    waiting: int = 0
    failed: int = 0
    blocked: int = 0
    shared: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.done + self.ready + self.waiting + self.failed + self.blocked


class Group(NamedTuple):
    """What numbers are given by."""

    scenario: str
    method: str
    cycle: int
    kind: SlotKind


def tallies(survey: Survey) -> dict[Group, Tally]:
    """Numbers by scenario, method, cycle and kind of unit."""
    shared: set[Hashable] = set()
    first: dict[Hashable, str] = {}
    groups: dict[Group, dict[Hashable, Entry]] = defaultdict(dict)
    for entry in entries(survey.runs):
        run, slot = entry.run, entry.slot
        if first.setdefault(entry.identity, run.method.label) != run.method.label:
            shared.add(entry.identity)
        group = Group(run.condition.name, run.method.label, slot.cycle, slot.kind)
        groups[group][entry.identity] = entry
    return {
        group: _count(members.values(), len(members.keys() & shared))
        for group, members in groups.items()
    }


def overall(survey: Survey) -> Tally:
    """Numbers of distinct units; ``shared`` is 0."""
    return _count(survey.units.values(), 0)


def trainings(survey: Survey) -> Tally:
    """Numbers of distinct units that train a model; ``shared`` is 0."""
    return _count((one for one in survey.units.values() if one.slot.kind in _ALIKE), 0)


class Kind(NamedTuple):
    """Units of one kind in a scenario."""

    scenario: str
    kind: SlotKind


@dataclass(frozen=True)
class Estimate:
    """How long units take, one after another.

    ``uncounted`` are kinds that are still to do and were not measured: ``seconds`` are without
    them, so that it takes longer.
    """

    seconds: float
    uncounted: tuple[Kind, ...] = ()


_ALIKE: Mapping[SlotKind, SlotKind] = {"committee": "trial", "trial": "committee"}
"""Kinds of units that do the same: they train."""


def estimate(survey: Survey, seconds: Callable[[Unit], float | None]) -> Estimate | None:
    """What the units still to do would take, from what was measured.

    ``seconds`` gives the measured time of a recorded unit. A unit is taken to last
    as long as the measured ones of its scenario, kind and cycle do on average, or
    of the nearest cycle that was measured, in proportion to the labeled images. Where no
    trial was measured, members of a committee stand for it, and the other way round.
    None when nothing like what is still to do was measured.
    """
    measured: dict[Kind, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    to_do: Counter[tuple[str, SlotKind, int]] = Counter()
    for entry in survey.units.values():
        name, slot, step = entry.run.condition.name, entry.slot, entry.step
        if step.state in (State.READY, State.WAITING):
            to_do[name, slot.kind, slot.cycle] += 1
        elif step.state is State.DONE and step.unit is not None:
            taken = seconds(step.unit)
            if taken is not None:
                measured[Kind(name, slot.kind)][slot.cycle].append(taken)
    sizes = {run.condition.name: run.condition.sizes for run in survey.runs}
    total = 0.0
    uncounted: dict[Kind, None] = {}
    for (name, kind, cycle), number in to_do.items():
        by_cycle = measured.get(Kind(name, kind)) or measured.get(Kind(name, _alike(kind)))
        if by_cycle:
            total += number * _expected(by_cycle, cycle, sizes[name])
        else:
            uncounted[Kind(name, kind)] = None
    if uncounted and not total:
        return None
    return Estimate(total, tuple(uncounted))


def _alike(kind: SlotKind) -> SlotKind:
    return _ALIKE.get(kind, kind)


def _expected(by_cycle: Mapping[int, list[float]], cycle: int, sizes: tuple[int, ...]) -> float:
    nearest = min(by_cycle, key=lambda measured: (abs(measured - cycle), measured))
    taken = by_cycle[nearest]
    return sum(taken) / len(taken) * sizes[cycle] / sizes[nearest]


def _count(group: Iterable[Entry], shared: int) -> Tally:
    states = [entry.step.state for entry in group]
    return Tally(**{state.value: states.count(state) for state in State}, shared=shared)

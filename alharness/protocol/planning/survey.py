"""What comes next: the one pure function that ``bench``, ``plan`` and resuming share.

``survey`` walks every run of a bench through its cycles (paper, Algorithm 1)
as far as the recorded results reach, and says of each unit whether it is done,
ready, waiting for another, failed or blocked. ``next_units`` is what is ready.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from alharness.protocol.bench import Bench, Place
from alharness.protocol.components import Component
from alharness.protocol.condition import Condition
from alharness.protocol.planning.entries import Entry, unique
from alharness.protocol.planning.ledger import Ledger
from alharness.protocol.planning.looking import seeds_wanted
from alharness.protocol.planning.run import Run, State
from alharness.protocol.planning.walk import Walker
from alharness.protocol.units import Unit


@dataclass(frozen=True)
class Survey:
    """Every run of a bench, and what follows from where they stand.

    ``droppable`` are recorded trials whose weights are there and which no
    planned unit needs; the chosen trials of cycle 0 are always kept.
    """

    runs: tuple[Run, ...]
    droppable: frozenset[str]

    @cached_property
    def units(self) -> Mapping[Hashable, Entry]:
        """Every unit once, known or not, by what makes it one."""
        return unique(self.runs)

    def readers(self, trial: Unit) -> Iterator[Unit]:
        """The units, known and waiting, that read the weights of a trial."""
        for entry in self.units.values():
            state, unit = entry.step
            if state is not State.WAITING or unit is None:
                continue
            if trial.key in unit.inputs.reads().weights:
                yield unit

    def place_of(self, unit: Unit) -> str:
        """Where a unit stands, for people: scenario and model, cycle, and the method after cycle 0.

        All methods share what is trained in cycle 0, but where it starts from what one of them
        chose. Empty for a unit of no run.
        """
        for run in self.runs:
            for slot, step in run.steps.items():
                if step.unit is not None and step.unit.key == unit.key:
                    named = f"scenario '{run.condition.name}', model '{run.condition.model.label}'"
                    whose = run.method if slot.cycle else run.chooser
                    method = "" if whose is None else f", method '{whose.label}'"
                    return f"{named}{method}, cycle {slot.cycle}"
        return ""

    def failed(self) -> frozenset[str]:
        """Keys of the units that failed and that no other bench has recorded since."""
        return frozenset(
            step.unit.key
            for run in self.runs
            if run.state is State.FAILED
            for step in run.steps.values()
            if step.state is State.FAILED and step.unit is not None
        )

    def ready(self) -> tuple[Unit, ...]:
        """The units that can be executed now, each once, early cycles first."""
        ready: dict[str, tuple[int, Unit]] = {}
        for run in self.runs:
            for cycle, unit in run.ready:
                ready.setdefault(unit.key, (cycle, unit))
        return tuple(unit for _, unit in sorted(ready.values(), key=lambda place: place[0]))


def next_units(
    bench: Bench, ledger: Ledger, failed: Collection[str] = frozenset()
) -> tuple[Unit, ...]:
    """The units to execute now: not recorded, not failed, every input known."""
    return survey(bench, ledger, failed).ready()


def survey(bench: Bench, ledger: Ledger, failed: Collection[str] = frozenset()) -> Survey:
    """Where every run of the bench stands, given what is recorded and which keys failed."""
    return Planner(bench, ledger).survey(failed)


class Planner:
    """Surveys one bench again and again, and walks only what changed.

    Each survey is the one that the function ``survey`` would give.
    """

    def __init__(self, bench: Bench, ledger: Ledger) -> None:
        self._bench = bench
        self._ledger = ledger
        self._walker = Walker(bench, ledger)
        self._runs: list[Run] = []

    def survey(self, failed: Collection[str] = frozenset()) -> Survey:
        """Where every run stands; every run is walked anew."""
        self._runs = []
        return self._extended(failed)

    def resurvey(self, changed: AbstractSet[str], failed: Collection[str]) -> Survey:
        """Where every run stands, when nothing changed but units with these keys.

        A unit changed when it was recorded or failed, or when its weights came or went. Runs
        that wait for none of them, nor for a tuning or a source that does, stay the objects that
        they are.
        """
        self._runs = self._walked(self._runs, failed, changed)
        return self._extended(failed)

    def _extended(self, failed: Collection[str]) -> Survey:
        """The survey, with the runs that looks ask for now that others are over."""
        while len(runs := self._wanted()) > len(self._runs):
            self._runs = self._walked(runs, failed, frozenset())
        return self._survey()

    def _wanted(self) -> list[Run]:
        """Every run of the bench, as far as looks have come; those known as they are."""
        bench = self._bench
        known = {(run.condition.name, id(run.method), run.place): run for run in self._runs}
        seeds = seeds_wanted(bench, self._runs, self._ledger)
        runs = []
        for condition in _sources_first(bench.conditions):
            for method in bench.applicable(condition):
                for place in bench.places():
                    run = known.get((condition.name, id(method), place))
                    if run is not None:
                        runs.append(run)
                    elif place.seed < seeds[condition.name, method.label]:
                        runs.append(self._unwalked(condition, method, place))
        return runs

    def _unwalked(self, condition: Condition, method: Component, place: Place) -> Run:
        bench = self._bench
        tunes, chooser = bench.tuner(place) == place, bench.chooser(method)
        asked_for = bench.asked_for(condition, method)
        return Run(condition, method, place, tunes, chooser, asked_for)

    def _walked(
        self, runs: list[Run], failed: Collection[str], changed: AbstractSet[str]
    ) -> list[Run]:
        """The runs, those walked that were not yet, or may differ since these keys changed."""
        walked: dict[object, Run] = {}
        anew: set[object] = set()
        for run in runs:
            at, follows, replays = self._before(run)
            tuner, source = walked.get(follows), walked.get(replays)
            if not run.steps:
                run.source = source
                after = self._walker.walk(run, failed, tuner)
            elif run.pending & changed or ({follows, replays} & anew and not run.finished):
                fresh = self._unwalked(run.condition, run.method, run.place)
                fresh.source = source
                after = self._walker.walk(fresh, failed, tuner, run)
            else:
                after = run
            walked[at] = after
            if after is not run:
                anew.add(at)
        return list(walked.values())

    def _before(self, run: Run) -> tuple[object, object, object]:
        """A run, the one whose tuning it follows, and the one that it replays, as keys."""
        condition, method, place = run.condition, id(run.method), run.place
        return (
            (condition.name, method, place),
            (condition.name, method, self._bench.tuner(place)),
            (condition.scenario.replay, method, place),
        )

    def _survey(self) -> Survey:
        needed = {key for run in self._runs for key in run.needed}
        there = self._ledger.weights & self._walker.trained
        return Survey(tuple(self._runs), frozenset(there - needed))


def _sources_first(conditions: Sequence[Condition]) -> list[Condition]:
    """Those that are replayed before those that replay them."""
    return sorted(conditions, key=lambda one: one.scenario.replay is not None)

"""Runs: the slots that a run has, and where the unit of each stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from alharness.protocol.bench import Bench, Place
from alharness.protocol.components import Component
from alharness.protocol.condition import Condition
from alharness.protocol.partition.sets import LabeledSet
from alharness.protocol.units import Stored, Unit, UnitKind


class State(Enum):
    """Where a unit stands."""

    DONE = "done"
    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"
    BLOCKED = "blocked"


SlotKind: TypeAlias = UnitKind | Literal["committee", "first-query", "first-annotation"]
"""A unit's kind; ``committee`` is a trial too, of a further model that a query needs, and the first
query and annotation give what a run starts from."""

CHOOSING: tuple[SlotKind, ...] = ("first-query", "first-annotation")
"""What comes before any training where a sampler chooses what a run starts from."""


class Slot(NamedTuple):
    """A unit's place within a run."""

    cycle: int
    kind: SlotKind
    number: int


class Step(NamedTuple):
    """Where the unit of a slot stands; ``unit`` is None while its inputs are not known."""

    state: State
    unit: Unit | None


@dataclass(eq=False)
class Run:
    """One (scenario, sampler, initial set, seed), as far as it has come.

    Written while it is walked, and only read afterwards: a run that did not change since the
    last survey is the same object in the next.

    chooser: the sampler that chooses what it starts from; None where that is drawn.
    asked_for: the representations that its queries ask for by name.
    source: the run whose labeled sets it replays, walked before it; None where it queries itself.
    blocked_by: what keeps it from going on, in words, where that is another run; else None.
    satisfied: its chosen model reached the validation accuracy at which the suite stops.
    labeled: the labeled set of each cycle that was reached.
    chosen: the unit of each cycle's chosen trial.
    committees: the further models of each cycle that queries.
    stored: what the sampler stored at each query that is done; first_stored: at the choice of what
        the run starts from, where that was its own.
    needed: keys of the trials whose weights must be kept for it.
    complete: leading cycles in which nothing is left to do.
    """

    condition: Condition
    method: Component
    place: Place
    tunes: bool
    chooser: Component | None = None
    asked_for: tuple[str, ...] = ()
    source: Run | None = None
    blocked_by: str | None = None
    satisfied: bool = False
    steps: dict[Slot, Step] = field(default_factory=dict)
    labeled: list[LabeledSet] = field(default_factory=list)
    chosen: list[Unit] = field(default_factory=list)
    committees: list[list[Unit]] = field(default_factory=list)
    stored: list[Stored | None] = field(default_factory=list)
    first_stored: Stored | None = None
    needed: set[str] = field(default_factory=set)
    complete: int = 0

    @property
    def name(self) -> str:
        """For people: ``digits-small-cnn/margin/0/0``."""
        return (
            f"{self.condition.name}/{self.method.label}/{self.place.initial_set}/{self.place.seed}"
        )

    @property
    def replays(self) -> bool:
        """Whether it trains on the labeled sets of another scenario's run, and queries nothing."""
        return self.condition.scenario.replay is not None

    @property
    def extension(self) -> Component | None:
        """The sampler whose training extension its task models are trained with, if any."""
        return self.method if self.method.needs.extension and not self.replays else None

    @property
    def last(self) -> int:
        """Its last cycle: that of the largest budget, or the one in which it was satisfied."""
        return (len(self.chosen) if self.satisfied else self.condition.cycles) - 1

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do in any cycle."""
        return self.complete > self.last

    @cached_property
    def state(self) -> State:
        """The run as a whole, once it was walked."""
        states = {step.state for step in self.steps.values()}
        for state in (State.FAILED, State.BLOCKED):
            if state in states:
                return state
        return State.DONE if states == {State.DONE} else State.WAITING

    @cached_property
    def ready(self) -> tuple[tuple[int, Unit], ...]:
        """The units that can be executed now, each with its cycle, once it was walked."""
        return tuple(
            (slot.cycle, step.unit)
            for slot, step in self.steps.items()
            if step.state is State.READY and step.unit is not None
        )

    @cached_property
    def pending(self) -> frozenset[str]:
        """Keys of the units that are known and not done, once it was walked."""
        return frozenset(
            step.unit.key
            for step in self.steps.values()
            if step.state is not State.DONE and step.unit is not None
        )

    @property
    def stopped(self) -> bool:
        """Whether it reaches no further cycle. An evaluation that failed stops nothing."""
        return any(
            step.state in (State.FAILED, State.BLOCKED)
            for slot, step in self.steps.items()
            if slot.kind != "evaluation"
        )

    def is_done(self, slot: Slot) -> bool:
        """Whether the unit of a slot is recorded and not needed again."""
        return slot in self.steps and self.steps[slot].state is State.DONE


def slots(bench: Bench, run: Run) -> Iterator[Slot]:
    """Every slot of a run, in the order of Algorithm 1."""
    for cycle in range(run.last + 1):
        yield from slots_of_cycle(bench, run, cycle)


def slots_of_cycle(bench: Bench, run: Run, cycle: int) -> Iterator[Slot]:
    """The slots of one cycle of a run; the last one does not query, nor does one that replays."""
    if cycle == 0:
        for number in range(n_features(run)):
            yield Slot(cycle, "representation", number)
        if run.chooser is not None and not run.replays:
            yield from (Slot(cycle, kind, 0) for kind in CHOOSING)
    for number in range(bench.suite.tuning.trials if run.tunes else 1):
        yield Slot(cycle, "trial", number)
    yield Slot(cycle, "evaluation", 0)
    if cycle < run.last and not run.replays:
        for number in range(run.method.needs.committee):
            yield Slot(cycle, "committee", number)
        yield Slot(cycle, "query", 0)
        yield Slot(cycle, "annotation", 0)


def n_features(run: Run) -> int:
    """How many units compute features that a run reads: training, test, and what is asked for.

    The same for every run of a method in a scenario; in the order of ``Bench.features``.
    """
    shown = run.condition.representation is not None
    return 2 * shown + len(run.asked_for)

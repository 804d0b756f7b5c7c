"""What comes next: the one pure function that ``bench``, ``plan`` and resuming share.

``survey`` walks every run of a bench through its cycles (paper, Algorithm 1)
as far as the recorded results reach, and says of each unit whether it is done,
ready, waiting for another, failed or blocked. ``next_units`` is what is ready.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np

from alharness.api.space import Value
from alharness.protocol.bench import Bench, Condition, Place
from alharness.protocol.components import Component
from alharness.protocol.partition.sets import IndexSet
from alharness.protocol.tuning.search import TrialScore, best_trial
from alharness.protocol.units import Unit, UnitKind


class Ledger(Protocol):
    """What has been recorded so far."""

    def result(self, unit: Unit) -> Mapping[str, Any] | None:
        """The recorded result of a unit, or None."""
        ...

    def has_checkpoint(self, key: str) -> bool:
        """Whether the weights of the trial with this key are there."""
        ...


class State(Enum):
    """Where a unit stands."""

    DONE = "done"
    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"
    BLOCKED = "blocked"


SlotKind: TypeAlias = UnitKind | Literal["committee"]
"""A unit's kind; ``committee`` is a trial too, of a further model that a query needs."""


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

    ``satisfied``: its chosen model reached the validation accuracy at which the suite stops.

    ``labeled`` holds the labeled set of each cycle that was reached, ``chosen``
    the unit of each cycle's chosen trial, ``committees`` the further models of
    each cycle that queries.
    """

    condition: Condition
    method: Component
    place: Place
    tunes: bool
    satisfied: bool = False
    steps: dict[Slot, Step] = field(default_factory=dict)
    labeled: list[IndexSet] = field(default_factory=list)
    chosen: list[Unit] = field(default_factory=list)
    committees: list[list[Unit]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """For people: ``digits-small-cnn/margin/0/0``."""
        return (
            f"{self.condition.name}/{self.method.label}/{self.place.initial_set}/{self.place.seed}"
        )

    @property
    def last(self) -> int:
        """Its last cycle: that of the largest budget, or the one in which it was satisfied."""
        return len(self.chosen if self.satisfied else self.condition.sizes) - 1

    @property
    def state(self) -> State:
        """The run as a whole."""
        states = {step.state for step in self.steps.values()}
        for state in (State.FAILED, State.BLOCKED):
            if state in states:
                return state
        return State.DONE if states == {State.DONE} else State.WAITING

    @property
    def stopped(self) -> bool:
        """Whether it reaches no further cycle. An evaluation that failed stops nothing."""
        return any(
            step.state in (State.FAILED, State.BLOCKED)
            for slot, step in self.steps.items()
            if slot.kind != "evaluation"
        )


@dataclass(frozen=True)
class Survey:
    """Every run of a bench, and what follows from where they stand.

    ``droppable`` are recorded trials whose weights are there and which no
    planned unit needs; the chosen trials of cycle 0 are always kept.
    """

    runs: tuple[Run, ...]
    droppable: frozenset[str]

    def failed(self) -> frozenset[str]:
        """Keys of the units that failed and that no other bench has recorded since."""
        return frozenset(
            step.unit.key
            for run in self.runs
            for step in run.steps.values()
            if step.state is State.FAILED and step.unit is not None
        )

    def ready(self) -> tuple[Unit, ...]:
        """The units that can be executed now, each once, early cycles first."""
        ready: dict[str, tuple[int, Unit]] = {}
        for run in self.runs:
            for slot, step in run.steps.items():
                if step.state is State.READY and step.unit is not None:
                    ready.setdefault(step.unit.key, (slot.cycle, step.unit))
        return tuple(unit for _, unit in sorted(ready.values(), key=lambda place: place[0]))


def next_units(
    bench: Bench, ledger: Ledger, failed: Collection[str] = frozenset()
) -> tuple[Unit, ...]:
    """The units to execute now: not recorded, not failed, every input known."""
    return survey(bench, ledger, failed).ready()


def survey(bench: Bench, ledger: Ledger, failed: Collection[str] = frozenset()) -> Survey:
    """Where every run of the bench stands, given what is recorded and which keys failed."""
    walk = _Walk(bench, ledger, failed)
    runs = [
        walk.run(Run(condition, method, place, bench.tuner(place) == place))
        for condition in bench.conditions
        for method in bench.methods
        for place in bench.places()
    ]
    return Survey(tuple(runs), frozenset(walk.alive - walk.needed))


def slots(bench: Bench, run: Run) -> Iterator[Slot]:
    """Every slot of a run, in the order of Algorithm 1."""
    for cycle in range(run.last + 1):
        for number in range(bench.suite.tuning.trials if run.tunes else 1):
            yield Slot(cycle, "trial", number)
        yield Slot(cycle, "evaluation", 0)
        if cycle < run.last:
            for number in range(run.method.committee_size):
                yield Slot(cycle, "committee", number)
            yield Slot(cycle, "query", 0)
            yield Slot(cycle, "annotation", 0)


class _Walk:
    """One survey: walks runs and notes whose weights are there and whose are needed."""

    def __init__(self, bench: Bench, ledger: Ledger, failed: Collection[str]) -> None:
        self.bench = bench
        self.ledger = ledger
        self.failed = failed
        self.alive: set[str] = set()
        self.needed: set[str] = set()
        self.tuners: dict[tuple[str, str, Place | None], Run] = {}

    def run(self, run: Run) -> Run:
        """Walk one run through its cycles, as far as the records reach."""
        if run.tunes:
            self.tuners[run.condition.name, run.method.label, run.place] = run
        labeled: IndexSet | None = run.condition.starts[run.place.initial_set].labeled
        for cycle in range(len(run.condition.sizes)):
            if labeled is None:
                break
            run.labeled.append(labeled)
            labeled = self._cycle(run, cycle, labeled)
        self._note_needed(run)
        self._fill(run)
        return run

    def _cycle(self, run: Run, cycle: int, labeled: IndexSet) -> IndexSet | None:
        """Train, evaluate, query, annotate; the next labeled set, None where it ends or waits."""
        chosen = self._train(run, cycle, labeled)
        if chosen is None:
            return None
        run.chosen.append(chosen)
        evaluation = self.bench.evaluation(run.condition, chosen)
        self._step(run, Slot(cycle, "evaluation", 0), evaluation, reads=[chosen])
        run.satisfied = self._satisfies(chosen)
        if cycle == run.last:
            return None
        models, committee = run.chosen[-2:], self._committee(run, cycle, labeled)
        if committee is None:
            return None
        query = self.bench.query(
            run.condition, run.method, run.place, cycle, labeled, models, committee
        )
        answer = self._step(run, Slot(cycle, "query", 0), query, reads=[*models, *committee])
        if answer is None:
            return None
        annotation = self.bench.annotation(run.condition, run.place, cycle, query)
        labels = self._step(run, Slot(cycle, "annotation", 0), annotation)
        if labels is None:
            return None
        known = labeled if run.condition.oracle.labels_stay else _corrected(run, labeled)
        return known.extended(
            np.asarray(answer["indices"], dtype=np.int64),
            np.asarray(labels["labels"], dtype=np.int64),
        )

    def _satisfies(self, chosen: Unit) -> bool:
        """Whether a chosen model is good enough for its run to end (paper, section 2)."""
        enough = self.bench.suite.protocol.stop_at_accuracy
        result = self.ledger.result(chosen)
        return enough is not None and result is not None and result["validation_accuracy"] >= enough

    def _train(self, run: Run, cycle: int, labeled: IndexSet) -> Unit | None:
        """The chosen trial of a cycle, or None while it is not known."""
        draws = self._hyperparameters(run, cycle)
        units = [
            self.bench.trial(run.condition, run.place, cycle, number, labeled, values)
            for number, values in enumerate(draws)
        ]
        results = [
            self._step(run, Slot(cycle, "trial", number), unit) for number, unit in enumerate(units)
        ]
        done = [
            (number, unit, result)
            for number, (unit, result) in enumerate(zip(units, results, strict=True))
            if result is not None
        ]
        self.alive.update(unit.key for _, unit, _ in done if self.ledger.has_checkpoint(unit.key))
        self._give_up_tuning(run, cycle)
        if not done:
            return None
        best = units[best_trial([trial_score(number, result) for number, _, result in done])]
        if len(done) < len(units):
            self.needed.add(best.key)
            return None
        return best

    def _committee(self, run: Run, cycle: int, labeled: IndexSet) -> list[Unit] | None:
        """The further models that the method's query needs, or None while one is not trained."""
        values = run.chosen[cycle].inputs["hyperparameters"]
        members = [
            self.bench.trial(run.condition, run.place, cycle, number, labeled, values, "committee")
            for number in range(run.method.committee_size)
        ]
        results = [
            self._step(run, Slot(cycle, "committee", number), member)
            for number, member in enumerate(members)
        ]
        run.committees.append(members)
        self.alive.update(one.key for one in members if self.ledger.has_checkpoint(one.key))
        return None if any(result is None for result in results) else members

    def _hyperparameters(self, run: Run, cycle: int) -> Sequence[Mapping[str, Value]]:
        """What the trials of this cycle train with: a tuning's draws, or the tuner's choice."""
        tuner_place = self.bench.tuner(run.place)
        if tuner_place is None or run.tunes:
            return self.bench.draws(run.condition, run.place.initial_set, cycle)
        tuner = self.tuners[run.condition.name, run.method.label, tuner_place]
        if cycle < len(tuner.chosen):
            return [tuner.chosen[cycle].inputs["hyperparameters"]]
        if tuner.satisfied:
            return [tuner.chosen[-1].inputs["hyperparameters"]]
        if tuner.stopped:
            run.steps[Slot(cycle, "trial", 0)] = Step(State.BLOCKED, None)
        return []

    def _step(
        self, run: Run, slot: Slot, unit: Unit, reads: Sequence[Unit] = ()
    ) -> Mapping[str, Any] | None:
        """Note where a unit stands; its result when it is recorded."""
        result = self.ledger.result(unit)
        if result is not None:
            state = State.DONE
        elif unit.key in self.failed:
            state = State.FAILED
        else:
            missing = [trial for trial in reads if not self.ledger.has_checkpoint(trial.key)]
            lost = any(trial.key in self.failed for trial in missing)
            state = State.BLOCKED if lost else State.WAITING if missing else State.READY
            for trial in missing:
                self._train_again(run, trial)
        run.steps[slot] = Step(state, unit)
        return result

    def _train_again(self, run: Run, trial: Unit) -> None:
        """A recorded trial whose weights are gone but needed."""
        state = State.FAILED if trial.key in self.failed else State.READY
        for slot, step in run.steps.items():
            if step.unit is not None and step.unit.key == trial.key:
                run.steps[slot] = Step(state, trial)

    def _give_up_tuning(self, run: Run, cycle: int) -> None:
        """Once a trial of a tuning failed, the others would be trained for nothing."""
        trials = [slot for slot in run.steps if slot.cycle == cycle and slot.kind == "trial"]
        if any(run.steps[slot].state is State.FAILED for slot in trials):
            for slot in trials:
                if run.steps[slot].state is State.READY:
                    run.steps[slot] = Step(State.BLOCKED, run.steps[slot].unit)

    def _note_needed(self, run: Run) -> None:
        """Whose weights are needed: a query reads its cycle's models and the one before."""
        for cycle, chosen in enumerate(run.chosen):
            readers = [
                Slot(cycle, "evaluation", 0),
                Slot(cycle, "query", 0),
                Slot(cycle + 1, "query", 0),
            ]
            planned = [
                slot for slot in readers if slot.kind == "evaluation" or slot.cycle < run.last
            ]
            if cycle == 0 or not all(_done(run, slot) for slot in planned):
                self.needed.add(chosen.key)
        for cycle, committee in enumerate(run.committees):
            if not _done(run, Slot(cycle, "query", 0)):
                self.needed.update(member.key for member in committee)

    def _fill(self, run: Run) -> None:
        """The slots that were not reached."""
        state = State.BLOCKED if run.stopped else State.WAITING
        for slot in slots(self.bench, run):
            run.steps.setdefault(slot, Step(state, None))


def _corrected(run: Run, labeled: IndexSet) -> IndexSet:
    """A labeled set with the true labels, for an oracle whose labels do not stay."""
    return IndexSet(labeled.indices, run.condition.facts.train_labels[labeled.indices])


def _done(run: Run, slot: Slot) -> bool:
    return slot in run.steps and run.steps[slot].state is State.DONE


def trial_score(number: int, result: Mapping[str, Any]) -> TrialScore:
    """What a recorded trial tells its tuning; a loss that is not finite is recorded as None."""
    loss = result["validation_loss"]
    return TrialScore(number, result["validation_accuracy"], math.inf if loss is None else loss)

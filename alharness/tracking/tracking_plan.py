"""What should be logged of a bench: a pure function of where its runs stand and what is recorded.

A run becomes a parent run with its cycles as steps; a trial becomes a nested
run. Trials of cycle 0 are determined by no sampler: each is logged once, below
``shared/<scenario>/<initial set>/<seed>``, and the runs name its key. Where samplers choose what
runs start from, those are there that start from the reference's choice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from alharness.protocol.bench import Bench, Place, trained_with
from alharness.protocol.components import Component
from alharness.protocol.condition import Condition
from alharness.protocol.keys import digest
from alharness.protocol.planning.run import Run, Slot, SlotKind, State, Step
from alharness.protocol.planning.survey import Survey
from alharness.protocol.suite.reading import protocol_digest
from alharness.protocol.units import TrialInputs, Unit
from alharness.store.records import Record
from alharness.tracking import metrics
from alharness.tracking.logged_run import FAILURE_TAG, LAYOUT, LoggedRun, MetricValue

STATUS = {
    State.DONE: "FINISHED",
    State.FAILED: "FAILED",
    State.BLOCKED: "FAILED",
    State.READY: "RUNNING",
    State.WAITING: "RUNNING",
}

_TRAINED: tuple[SlotKind, ...] = ("trial", "committee")


class Planned(NamedTuple):
    """A run to log. Key and state are cheap to know; ``build`` gives the rest when it is needed."""

    key: str
    state: str
    build: Callable[[], LoggedRun]


@dataclass
class Contents:
    """What an MLflow store has: the state of each MLflow run by key; of which runs all is there.

    ``refused`` are the keys of those that it will not take.
    """

    states: dict[str, str] = field(default_factory=dict)
    complete: set[Run] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)

    def has(self, planned: Planned) -> bool:
        """Whether it need not be written."""
        return planned.key in self.refused or self.states.get(planned.key) == planned.state


class TrackingPlan:
    """What should be logged of one bench.

    ``record`` gives the record of a unit that is done, ``curves`` what a trial
    measured after each epoch (None when that is lost), ``failures`` the messages
    of failed units by key.
    """

    def __init__(
        self,
        bench: Bench,
        record: Callable[[Unit], Record | None],
        curves: Callable[[Unit], Mapping[str, Sequence[float | None]] | None],
        failures: Mapping[str, str],
    ) -> None:
        self._bench = bench
        self._record = record
        self._curves = curves
        self._failures = failures
        self._protocols = {
            condition.name: protocol_digest(bench.suite, condition.scenario)
            for condition in bench.conditions
        }

    def missing(self, survey: Survey, there: Contents) -> Iterator[Planned]:
        """Every MLflow run that is not ``there``, each once, a parent before what is nested in it.

        ``there`` is kept up to date by whoever writes them, between one and the
        next. A run of which all is there is not walked again as long as later
        surveys hold the same object.
        """
        chosen = {unit.key for run in survey.runs for unit in run.chosen}
        seen: set[str] = set()
        for run in survey.runs:
            if run in there.complete:
                continue
            new = [planned for planned in self.planned(run, chosen) if planned.key not in seen]
            seen.update(planned.key for planned in new)
            yield from (planned for planned in new if not there.has(planned))
            if all(map(there.has, new)):
                there.complete.add(run)
        there.complete.intersection_update(survey.runs)

    def planned(self, run: Run, chosen: Collection[str]) -> Iterator[Planned]:
        """Everything to log of one run: its parents first; ``chosen`` are keys of trials."""
        if not any(step.state in (State.DONE, State.FAILED) for step in run.steps.values()):
            return
        shared, own = self._shared(run), self._parent(run)
        if self._shared_slots(run):
            yield shared
        yield own
        for slot, step in run.steps.items():
            if slot.kind in _TRAINED and step.state is State.DONE:
                assert step.unit is not None
                parent = shared if self._is_shared(run, slot, step) else own
                yield self._trial(slot, step.unit, parent.key, chosen)

    def _parent(self, run: Run) -> Planned:
        """The parent run of a run; its state counts what its metrics are made of."""
        status = STATUS[run.state]
        done = sum(
            step.state is State.DONE and slot.kind not in _TRAINED
            for slot, step in run.steps.items()
        )
        failure = self._failure(run, run.steps)
        state = _state(status, len(run.chosen), done, *([digest(failure)[:8]] if failure else []))
        key = self._key(run.condition, run.place, run.method)
        return Planned(key, state, partial(self._build_parent, run, key, state, status, failure))

    def _build_parent(
        self, run: Run, key: str, state: str, status: str, failure: str | None
    ) -> LoggedRun:
        records = self._records(run, run.steps)
        method = run.method
        params = self._place(run) | {
            "method": method.label,
            "method_distribution": method.distribution,
            "method_version": method.version,
            "method_source": method.source,
        }
        tags = self._provenance(run, "run", failure)
        if self._shared_slots(run):
            tags["alharness.shared"] = _shared_name(run)
        for cycle, trial in enumerate(run.chosen):
            tags[f"alharness.trial.{cycle}"] = trial.key
            for name, value in trained_with(trial).items():
                params[f"chosen.{cycle}.{name}"] = str(value)
        return LoggedRun(
            key, state, run.name, None, status, *metrics.span(records, status), params,
            [point for cycle in range(len(run.chosen)) for point in self._cycle(run, cycle)], tags,
        )  # fmt: skip

    def _cycle(self, run: Run, cycle: int) -> Iterator[MetricValue]:
        """What a run reached in a cycle; the step is the number of labeled images."""
        labels = run.condition.sizes[cycle]
        validation = len(run.condition.starts[run.place.initial_set].validation)
        trial = self._record(run.chosen[cycle])
        if trial is not None:
            yield from metrics.chosen(trial, labels, validation)
        for kind, metric in metrics.MEASURED.items():
            step = run.steps.get(Slot(cycle, kind, 0))
            record = self._record(step.unit) if step is not None and step.unit is not None else None
            if record is not None:
                yield from metrics.measured(record, metric, labels)

    def _shared(self, run: Run) -> Planned:
        """The parent run of the trials that every method's run with this place starts from."""
        slots = self._shared_slots(run)
        states = {run.steps[slot].state for slot in slots}
        status = "RUNNING"
        if State.FAILED in states:
            status = "FAILED"
        elif states == {State.DONE}:
            status = "FINISHED"
        state = _state(status)
        key = self._key(run.condition, run.place, None)
        return Planned(key, state, partial(self._build_shared, run, key, state, status, slots))

    def _build_shared(
        self, run: Run, key: str, state: str, status: str, slots: list[Slot]
    ) -> LoggedRun:
        failure = self._failure(run, slots)
        return LoggedRun(
            key, state, _shared_name(run), None, status,
            *metrics.span(self._records(run, slots), status),
            self._place(run), [], self._provenance(run, "shared", failure),
        )  # fmt: skip

    def _trial(self, slot: Slot, unit: Unit, parent: str, chosen: Collection[str]) -> Planned:
        """The nested run of a trial."""
        choice = "chosen" if unit.key in chosen else "not-chosen"
        state = _state("FINISHED", choice)
        return Planned(
            unit.key, state, partial(self._build_trial, slot, unit, parent, state, choice)
        )

    def _build_trial(
        self, slot: Slot, unit: Unit, parent: str, state: str, choice: str
    ) -> LoggedRun:
        record = self._record(unit)
        assert record is not None
        assert isinstance(unit.inputs, TrialInputs)
        path = {name: str(value) for name, value in unit.inputs.seed.to_json().items()}
        values = {name: str(value) for name, value in trained_with(unit).items()}
        tags = {
            "alharness.kind": "trial",
            "alharness.chosen": "yes" if choice == "chosen" else "no",
            "alharness.host": record.facts["host"],
            "alharness.device": record.facts["device"],
        }
        if unit.inputs.recipe.start is not None:
            tags["alharness.start"] = unit.inputs.recipe.start
        for plugin in record.facts["plugins"]:
            tags[f"alharness.plugin.{plugin['kind']}.{plugin['name']}"] = (
                f"{plugin['distribution']} {plugin['version']} {plugin['source']}"
            )
        return LoggedRun(
            unit.key, state, f"cycle {slot.cycle} {slot.kind} {slot.number}", parent, "FINISHED",
            metrics.started(record), metrics.ended(record), path | values,
            [*metrics.epochs(record, self._curves(unit) or {}), *metrics.best(record)], tags,
        )  # fmt: skip

    def _place(self, run: Run) -> dict[str, str]:
        """The params that runs and shared parents have in common."""
        condition = run.condition
        shown, replay = condition.representation, condition.scenario.replay
        return {
            "scenario": condition.name,
            "dataset": condition.dataset.label,
            "model": condition.model.label,
            **({} if shown is None else {"representation": shown.label}),
            "regularizers": ", ".join(part.label for part in condition.regularizers),
            "oracle": condition.oracle.label,
            **({"warm_start": "yes"} if self._bench.suite.protocol.warm_start else {}),
            **({} if replay is None else {"replay": replay}),
            "initial_set": str(run.place.initial_set),
            "seed": str(run.place.seed),
        }

    def _provenance(self, run: Run, kind: str, failure: str | None) -> dict[str, str]:
        tags = {
            "alharness.kind": kind,
            "alharness.suite": f"{self._bench.suite.name} {self._bench.suite.version}",
            "alharness.protocol": self._protocols[run.condition.name],
        }
        return tags if failure is None else tags | {FAILURE_TAG: failure}

    def _is_shared(self, run: Run, slot: Slot, step: Step) -> bool:
        """Whether a trial is of cycle 0, on a set that is shared, with no extension along."""
        inputs = None if step.unit is None else step.unit.inputs
        alone = isinstance(inputs, TrialInputs) and inputs.extension
        started_alike = run.chooser is None or run.chooser is self._bench.reference
        return slot.cycle == 0 and started_alike and not alone

    def _shared_slots(self, run: Run) -> list[Slot]:
        """The trials of cycle 0 that other methods' runs with this place start from, too."""
        return [
            slot
            for slot, step in run.steps.items()
            if slot.kind == "trial" and self._is_shared(run, slot, step)
        ]

    def _key(self, condition: Condition, place: Place, method: Component | None) -> str:
        """Another protocol or another source of a plugin makes another parent run."""
        return digest(
            {
                "protocol": self._protocols[condition.name],
                "components": [part.identity.spelled() for part in condition.components()],
                "method": None if method is None else method.identity.spelled(),
                "place": list(place),
            }
        )

    def _failure(self, run: Run, slots: Iterable[Slot]) -> str | None:
        """The message of the first failed unit, or that the run is blocked."""
        steps = [run.steps[slot] for slot in slots]
        for step in steps:
            if step.state is State.FAILED and step.unit is not None:
                return self._failures.get(step.unit.key, f"{step.unit.kind} {step.unit.key} failed")
        if any(step.state is State.BLOCKED for step in steps):
            return f"blocked: {run.blocked_by or 'what it reads failed'}"
        return None

    def _records(self, run: Run, slots: Iterable[Slot]) -> Iterator[Record]:
        for slot in slots:
            unit = run.steps[slot].unit
            record = None if unit is None else self._record(unit)
            if record is not None:
                yield record


def _state(*parts: object) -> str:
    return " ".join(map(str, (f"layout-{LAYOUT}", *parts)))


def _shared_name(run: Run) -> str:
    return f"shared/{run.condition.name}/{run.place.initial_set}/{run.place.seed}"

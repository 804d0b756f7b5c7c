"""Collecting a document: the one place that knows how results lie in a survey and its ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import alharness
from alharness.api.space import Choice, Value
from alharness.protocol.bench import Bench
from alharness.protocol.components import Component
from alharness.protocol.condition import Condition, DatasetFacts
from alharness.protocol.keys import digest
from alharness.protocol.planning import run as planning
from alharness.protocol.planning.ledger import Ledger
from alharness.protocol.planning.run import Slot, State
from alharness.protocol.planning.survey import Survey
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.suite.reading import protocol_digest, suite_json
from alharness.protocol.suite.tables import Scenario as Table
from alharness.protocol.tuning.declared_space import write_space
from alharness.protocol.units import TrialInputs, Unit
from alharness.results import document
from alharness.results.document import (
    METRICS,
    SCHEMA,
    Document,
    Family,
    Method,
    Scenario,
    members,
)
from alharness.results.findings import findings
from alharness.results.first_sets import first_sets
from alharness.results.importance import importance
from alharness.results.machines import trained_on
from alharness.results.origins import origins
from alharness.results.overlap import overlap
from alharness.results.recorded import Recorded
from alharness.results.represented import representation
from alharness.results.setting import TASK_MODEL, NotApplicable, Querying
from alharness.results.times import times


def collect(bench: Bench, survey: Survey, ledger: Recorded, failures: Sequence[str]) -> Document:
    """The document of a bench, as far as its results are recorded; None where there is none yet.

    A scenario has the methods that the survey has runs of. ``failures``: a line for each unit
    that failed.
    """
    scenarios = [collect_scenario(bench, one, survey, ledger) for one in bench.conditions]
    return Document(
        schema=SCHEMA,
        alharness=alharness.__version__,
        suite=_suite(bench),
        scenarios=tuple(scenarios),
        findings={one.scenario: findings(one) for one in scenarios},
        failures=tuple(failures),
    )


def _suite(bench: Bench) -> document.Suite:
    declaration = suite_json(bench.suite)
    return document.Suite(
        name=bench.suite.name,
        version=bench.suite.version,
        title=bench.suite.title,
        digest=digest(declaration),
        declaration=declaration,
    )


def _component(component: Component) -> document.Component:
    return document.Component(
        kind=component.kind,
        label=component.label,
        name=component.name,
        parameters=dict(component.parameters),
        distribution=component.distribution,
        version=component.version,
        source=component.source,
        fingerprint=component.fingerprint,
    )


def collect_scenario(
    bench: Bench, condition: Condition, survey: Survey, ledger: Recorded
) -> Scenario:
    """One scenario of the document, without its family."""
    runs = [run for run in survey.runs if run.condition is condition]
    by_method: dict[str, list[planning.Run]] = defaultdict(list)
    for run in runs:
        by_method[run.method.label].append(run)
    trainings = {label: _trainings(own) for label, own in by_method.items()}
    everything = {key: unit for one in trainings.values() for key, unit in one.items()}
    return Scenario(
        scenario=condition.name,
        protocol_digest=protocol_digest(bench.suite, condition.scenario),
        components=tuple(map(_component, condition.components())),
        train_digest=condition.facts.train_digest,
        test_digest=condition.facts.test_digest,
        repeated_images=_repeated(condition.facts),
        n_train=len(condition.facts.train_labels),
        n_left_out=condition.n_left_out,
        n_held_out=condition.held_out,
        n_classes=condition.facts.n_classes,
        n_validation=len(condition.starts[0].validation),
        labels=condition.sizes,
        tuning=_tuning(bench, condition),
        space=write_space(condition.space),
        stop_at_accuracy=bench.suite.protocol.stop_at_accuracy,
        reference=bench.suite.methods.reference.label,
        methods=tuple(
            _method(bench, own, trainings[label], ledger) for label, own in by_method.items()
        ),
        family=Family(others=(), narrowed_to=None),
        shared_trainings=len(frozenset.intersection(*map(frozenset, trainings.values()))),
        machines=trained_on(map(ledger.machine, everything.values())),
        endpoint=document.Endpoint(**bench.suite.endpoint.model_dump()),
        overlap=None
        if condition.scenario.replay is not None
        else overlap(list(by_method.values()), ledger.picked),
        first_sets=first_sets(list(by_method.values()), ledger.picked),
        times=tuple(
            one
            for label, own in by_method.items()
            for one in times(label, own, trainings[label].values(), ledger)
        ),
        importance=importance(
            [bench.space(condition, cycle) for cycle in range(condition.cycles)],
            bench.suite.tuning.trials,
            runs,
            ledger,
        ),
        representation=representation(condition, runs, ledger),
        querying=_querying(bench.suite, condition.scenario),
        not_applicable=_not_applicable(bench, condition),
        warm_start=bench.suite.protocol.warm_start,
        replay=condition.scenario.replay,
    )


def _querying(suite: Suite, scenario: Table) -> Querying:
    """How samplers are asked, in the scenario or in the one that it replays."""
    source = suite.source(scenario)
    asked = scenario if source is None else source
    model = TASK_MODEL if source is None else f"{TASK_MODEL} in {source.name}"
    return Querying(pool_subset=suite.pool_subset(asked), model=model)


def _not_applicable(bench: Bench, condition: Condition) -> tuple[NotApplicable, ...]:
    return tuple(
        NotApplicable(method=method, reason=reason)
        for (scenario, method), reason in bench.not_applicable.items()
        if scenario == condition.name
    )


def _repeated(facts: DatasetFacts) -> document.RepeatedImages | None:
    found = facts.repeated
    return None if found is None else document.RepeatedImages(**found._asdict())


def _tuning(
    bench: Bench, condition: Condition
) -> Literal["per-initial-set", "first-initial-set", "fixed"]:
    """What was tuned: nothing, either, where each hyper-parameter has one value."""
    ways = (way for cycle in (0, 1) for way in bench.space(condition, cycle).values())
    if all(isinstance(way, Choice) and len(way.options) == 1 for way in ways):
        return "fixed"
    return bench.suite.tuning.scope


def _method(
    bench: Bench, runs: Sequence[planning.Run], trainings: Mapping[str, Unit], ledger: Recorded
) -> Method:
    protocol, condition, sampler = bench.suite.protocol, runs[0].condition, runs[0].method
    shape = (protocol.n_initial_sets, protocol.seeds, len(condition.sizes))
    evaluations: dict[tuple[int, ...], Mapping[str, Any]] = {
        (*run.place, cycle): _result(run, Slot(cycle, "evaluation", 0), ledger) or {}
        for run in runs
        for cycle in range(run.last + 1)
    }
    metrics = {place: one.get("metrics", {}) for place, one in evaluations.items()}
    done = _done(runs)
    spent, cost = np.full(shape[:2], np.nan), np.zeros(shape[:2])
    for run in runs:
        if run.satisfied:
            spent[run.place] = condition.sizes[run.last]
        cost[run.place] = _cost(run, ledger)
    return Method(
        method=sampler.label,
        sampler=_component(sampler),
        sees_labels=_sees_labels(sampler),
        runs=tuple(_run(run) for run in runs),
        accuracy=members(_array(shape, evaluations, "test_accuracy")),
        **{name: _unless_empty(_array(shape, metrics, name)) for name in METRICS},
        class_accuracy=_unless_empty(
            _array((*shape, condition.facts.n_classes), metrics, "class_accuracy")
        ),
        labels_spent=members(spent),
        annotation_cost=members(cost),
        trainings=len(trainings),
        outdated=None,
        citation=sampler.citation or None,
        summary=sampler.summary or None,
        recorded=_recorded(done, ledger),
        machines=trained_on(map(ledger.machine, trainings.values())),
        looked_at=sampler.label in bench.looked_at,
        origins=origins(map(ledger.origin, done)),
        co_trained=runs[0].extension is not None,
    )


def _array(
    shape: tuple[int, ...],
    measured: Mapping[tuple[int, ...], Mapping[str, Any]],
    name: str,
) -> NDArray[np.float64]:
    """What evaluations recorded under a name, NaN where they did not."""
    values = np.full(shape, np.nan)
    for place, one in measured.items():
        recorded = one.get(name)
        if recorded is not None:
            values[place] = np.array(recorded, dtype=np.float64)
    return values


def _unless_empty(values: NDArray[np.float64]) -> Any:
    return None if np.isnan(values).all() else members(values)


def _run(run: planning.Run) -> document.Run:
    return document.Run(
        name=run.name,
        initial_set=run.place.initial_set,
        seed=run.place.seed,
        state=run.state.value,
        cycles=tuple(
            document.Cycle(
                trial=chosen.key,
                hyperparameters=_hyperparameters(chosen),
                query=_key(run, Slot(cycle, "query", 0)),
            )
            for cycle, chosen in enumerate(run.chosen)
        ),
    )


def _hyperparameters(trial: Unit) -> dict[str, Value]:
    assert isinstance(trial.inputs, TrialInputs)
    return dict(trial.inputs.hyperparameters)


def _key(run: planning.Run, slot: Slot) -> str | None:
    """The key of a unit that is done."""
    step = run.steps.get(slot)
    if step is None or step.unit is None or step.state is not State.DONE:
        return None
    return step.unit.key


def _cost(run: planning.Run, ledger: Ledger) -> float:
    """Of the labels that a run queried so far, those that it starts from among them."""
    slots = [Slot(0, "first-annotation", 0)]
    slots += [Slot(cycle, "annotation", 0) for cycle in range(run.last)]
    annotations = (_result(run, slot, ledger) for slot in slots)
    return float(sum(one["cost"] for one in annotations if one is not None))


def _trainings(runs: Iterable[planning.Run]) -> dict[str, Unit]:
    """The trainings that runs are made of, by their keys."""
    return {
        step.unit.key: step.unit
        for run in runs
        for slot, step in run.steps.items()
        if slot.kind in ("trial", "committee") and step.state is State.DONE and step.unit
    }


def _recorded(units: Iterable[Unit], ledger: Recorded) -> tuple[date, date] | None:
    """The first and the last day on which one of these units was computed."""
    days = [day for day in map(ledger.day, units) if day is not None]
    return (min(days), max(days)) if days else None


def _done(runs: Iterable[planning.Run]) -> set[Unit]:
    """The units of runs that are done, each once."""
    return {
        step.unit
        for run in runs
        for step in run.steps.values()
        if step.state is State.DONE and step.unit is not None
    }


def _sees_labels(sampler: Component) -> bool:
    """Whether a sampler is shown the hidden labels."""
    return bool(getattr(getattr(sampler, "needs", None), "sees_labels", False))


def _result(run: planning.Run, slot: Slot, ledger: Ledger) -> Mapping[str, Any] | None:
    step = run.steps.get(slot)
    return ledger.result(step.unit) if step is not None and step.unit is not None else None

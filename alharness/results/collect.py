"""Results: the test accuracies of every run of a bench, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alharness.protocol.bench import Bench, Condition
from alharness.protocol.components import Component
from alharness.protocol.planning.run import Run, Slot, State
from alharness.protocol.planning.survey import Survey
from alharness.protocol.planning.walk import Ledger
from alharness.protocol.suite.reading import protocol_digest


@dataclass(frozen=True, eq=False)
class MethodResult:
    """What one method reached in a scenario.

    accuracy: test accuracies in [0, 1], (initial sets, seeds, cycles), NaN where there is none.
    spent: labels with which a run reached the accuracy at which the suite stops, (initial
        sets, seeds), NaN where it has not.
    cost: of a run's queried labels so far, (initial sets, seeds), in the oracle's unit.
    trained: keys of the trainings that the method's runs are made of: tunings, seeds, committees.
    """

    method: Component
    accuracy: NDArray[np.float64]
    spent: NDArray[np.float64]
    cost: NDArray[np.float64]
    trained: frozenset[str]
    states: Mapping[str, State]

    @property
    def label(self) -> str:
        """The method's name with its parameters."""
        return self.method.label

    @property
    def complete(self) -> int:
        """Runs that are done."""
        return sum(state is State.DONE for state in self.states.values())


@dataclass(frozen=True, eq=False)
class ScenarioResult:
    """What all methods reached in one scenario.

    labels: labeled images at each cycle; n_validation: labels spent on validation beside them.
    stop_at_accuracy: the validation accuracy that ends a run, or None.
    """

    name: str
    protocol: str
    labels: tuple[int, ...]
    n_train: int
    n_validation: int
    stop_at_accuracy: float | None
    reference: str
    methods: tuple[MethodResult, ...]


def results(bench: Bench, survey: Survey, ledger: Ledger) -> tuple[ScenarioResult, ...]:
    """The results of every scenario of a bench, as far as they are recorded."""
    return tuple(
        _scenario(
            bench, condition, [run for run in survey.runs if run.condition is condition], ledger
        )
        for condition in bench.conditions
    )


def _scenario(
    bench: Bench, condition: Condition, runs: Sequence[Run], ledger: Ledger
) -> ScenarioResult:
    return ScenarioResult(
        name=condition.name,
        protocol=protocol_digest(bench.suite, condition.scenario),
        labels=condition.sizes,
        n_train=len(condition.facts.train_labels),
        n_validation=len(condition.starts[0].validation),
        stop_at_accuracy=bench.suite.protocol.stop_at_accuracy,
        reference=bench.suite.methods.reference.label,
        methods=tuple(
            _method(bench, condition, method, [run for run in runs if run.method is method], ledger)
            for method in bench.methods
        ),
    )


def _method(
    bench: Bench, condition: Condition, method: Component, runs: Sequence[Run], ledger: Ledger
) -> MethodResult:
    protocol = bench.suite.protocol
    accuracy = np.full((protocol.n_initial_sets, protocol.seeds, len(condition.sizes)), np.nan)
    spent = np.full(accuracy.shape[:2], np.nan)
    cost = np.zeros(accuracy.shape[:2])
    for run in runs:
        if run.satisfied:
            spent[run.place] = run.condition.sizes[run.last]
        for cycle in range(run.last + 1):
            evaluated = _result(run, Slot(cycle, "evaluation", 0), ledger)
            if evaluated is not None:
                accuracy[(*run.place, cycle)] = evaluated["test_accuracy"]
            annotated = _result(run, Slot(cycle, "annotation", 0), ledger)
            if annotated is not None:
                cost[run.place] += annotated["cost"]
    states = {run.name: run.state for run in runs}
    trained = frozenset(
        step.unit.key
        for run in runs
        for slot, step in run.steps.items()
        if slot.kind in ("trial", "committee") and step.state is State.DONE and step.unit
    )
    return MethodResult(method, accuracy, spent, cost, trained, states)


def _result(run: Run, slot: Slot, ledger: Ledger) -> Mapping[str, Any] | None:
    step = run.steps.get(slot)
    return ledger.result(step.unit) if step is not None and step.unit is not None else None

"""Evidence: whether a document is what planning and collecting make of the records."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np

from alharness.bundles.held import Held, HeldLedger
from alharness.bundles.rebuilding import mismatch, rebuilt, rebuilt_suite
from alharness.protocol.bench import Bench
from alharness.protocol.partition.given import GivenSplits
from alharness.protocol.partition.sets import IndexSet
from alharness.protocol.partition.splits import split
from alharness.protocol.planning.run import Run, Slot, State
from alharness.protocol.planning.survey import Survey, survey
from alharness.protocol.units import Unit
from alharness.results.collect import collect_scenario
from alharness.results.document import Document, Scenario
from alharness.results.findings import findings
from alharness.store.allocating import uncollected

NOT_FROM_RECORDS = frozenset({"components", "repeated_images", "family", "published"})
"""What of a scenario records do not say; family-wise findings follow from the family."""

NOT_OF_ROWS = frozenset({"sampler", "outdated", "citation", "summary"})
"""The same of a row; that its sampler is that of its records is seen when a bench is rebuilt."""

_BESIDE = frozenset({"shared_trainings", "machines", "overlap", "times", "importance"})
_BESIDE_ROWS = frozenset({"recorded", "machines", "origins"})
"""What changes with the rows that are left, and what early documents do not have."""

_CLOSE = 2e-6
"""Findings are computed anew, perhaps by another version of SciPy; importance has six digits."""


@dataclass(frozen=True)
class Rested:
    """A scenario of a document, its bench rebuilt from records, and where its runs stand.

    ``collected`` is the scenario as its records give it.
    """

    bench: Bench
    survey: Survey
    collected: Scenario

    def units(self) -> dict[str, Unit]:
        """The units that it rests on, by key."""
        steps = (step for run in self.survey.runs for step in run.steps.values())
        return {step.unit.key: step.unit for step in steps if step.unit is not None}

    def units_of(self, method: str) -> dict[str, Unit]:
        """Those of one row."""
        runs = (run for run in self.survey.runs if run.method.label == method)
        steps = (step for run in runs for step in run.steps.values())
        return {step.unit.key: step.unit for step in steps if step.unit is not None}


def rested(document: Document, held: Held) -> list[Rested]:
    """What each scenario of a document rests on: every row is complete.

    Raises MismatchError for a record that is not there, and for a document that is not what its
    records give.
    """
    suite = rebuilt_suite(document)
    found = []
    for scenario in document.scenarios:
        bench, ledger = rebuilt(document, suite, scenario, held), HeldLedger(held)
        with uncollected():
            state = survey(bench, ledger)
        _require_done(state, scenario.scenario)
        collected = collect_scenario(bench, bench.conditions[0], state, ledger)
        _require_partition(bench, state, held)
        one = Rested(bench, state, collected)
        _require_weights(one.units(), held)
        found.append(one)
    return found


def require_results(document: Document, found: list[Rested]) -> None:
    """Raises MismatchError where the results of a document are not those that it rests on."""
    for scenario, one in zip(document.scenarios, found, strict=True):
        said, given = (
            _from_records(each, _BESIDE, _BESIDE_ROWS) for each in (scenario, one.collected)
        )
        _require_same(said, given, f"document, {scenario.scenario}", "its records say", exact=True)


def require_supported(document: Document, found: list[Rested]) -> None:
    """Raises MismatchError where a document says anything other than what it rests on.

    What the version that packed it did not say yet is None, and nothing is held against that.
    """
    require_results(document, found)
    for scenario, one in zip(document.scenarios, found, strict=True):
        unsaid = {name for name in _BESIDE if getattr(scenario, name) is None}
        unsaid_of_rows = {
            name
            for name in _BESIDE_ROWS
            if all(getattr(row, name) is None for row in scenario.methods)
        }
        said, given = (
            _from_records(each, unsaid, unsaid_of_rows) for each in (scenario, one.collected)
        )
        _require_same(said, given, f"document, {scenario.scenario}", "its records say", exact=False)


def restated(document: Document, found: list[Rested]) -> Document:
    """A document with all that its records say as they say it now, and its findings anew."""
    scenarios = tuple(
        _restated(scenario, one.collected)
        for scenario, one in zip(document.scenarios, found, strict=True)
    )
    concluded = {one.scenario: findings(one) for one in scenarios}
    return document.model_copy(update={"scenarios": scenarios, "findings": concluded})


def _restated(said: Scenario, collected: Scenario) -> Scenario:
    rows = {one.method: one for one in said.methods}
    methods = tuple(
        one.model_copy(update={name: getattr(rows[one.method], name) for name in NOT_OF_ROWS})
        for one in collected.methods
    )
    kept = {name: getattr(said, name) for name in NOT_FROM_RECORDS}
    return collected.model_copy(update={**kept, "methods": methods})


def require_concluded(document: Document) -> None:
    """Raises MismatchError where the findings of a document do not follow from its numbers."""
    for scenario in document.scenarios:
        where = f"document, {scenario.scenario}"
        concluded = document.findings[scenario.scenario].model_dump(mode="json")
        follows = findings(scenario).model_dump(mode="json")
        _require_same(concluded, follows, f"{where}, findings", "its numbers give", exact=False)


def _from_records(
    scenario: Scenario,
    but: AbstractSet[str] = frozenset(),
    but_of_rows: AbstractSet[str] = frozenset(),
) -> dict[str, Any]:
    fields = scenario.model_dump(mode="json", exclude={*NOT_FROM_RECORDS, *but})
    left_out = NOT_OF_ROWS | but_of_rows
    fields["methods"] = {
        one["method"]: {name: value for name, value in one.items() if name not in left_out}
        for one in fields["methods"]
    }
    return fields


def _require_done(state: Survey, scenario: str) -> None:
    for run in state.runs:
        if run.state is State.DONE:
            continue
        slot, step = next(
            (slot, step) for slot, step in run.steps.items() if step.state is not State.DONE
        )
        where = f"document, {run.name}, cycle {slot.cycle}"
        if step.unit is None:
            raise mismatch(f"its {slot.kind} cannot be told from the records", where)
        raise mismatch(
            f"there is no record of its {slot.kind} {step.unit.key}: it is missing, or the "
            "document is of other units",
            where,
        )
    if not state.runs:
        raise mismatch("has no runs", f"document, {scenario}")


def _require_partition(bench: Bench, state: Survey, held: Held) -> None:
    """Initial and validation sets are those of the protocol, and queries pick from the rest.

    Neither a long tail, drawn by labels, nor splits that were given can be drawn again here.
    """
    (condition,) = bench.conditions
    where = f"document, {condition.name}"
    protocol = bench.suite.protocol
    given = isinstance(protocol.initial_sets, GivenSplits)
    for number, start in enumerate(condition.starts):
        if condition.scenario.long_tail is None and not given:
            parts = split(protocol, condition.facts.n_train, number, bench.suite.seed)
            same = np.array_equal(parts.initial, start.labeled.indices) and np.array_equal(
                parts.validation, start.validation.indices
            )
            if not same:
                raise mismatch(f"initial set {number} is not the one that its suite draws", where)
    for run in state.runs:
        _require_picks(run, held)


def _require_weights(units: Mapping[str, Unit], held: Held) -> None:
    """What was measured and asked with are the weights that the trials left."""
    for unit in units.values():
        if unit.kind not in ("evaluation", "query"):
            continue
        record = held.record(unit.kind, unit.key)
        assert record is not None
        alone = {"checkpoint": record.result.get("checkpoint")}
        told = record.result.get("checkpoints", alone)
        for trial in unit.inputs.reads().weights:
            left = held.record("trial", trial)
            if left is None or told.get(trial, alone["checkpoint"]) != left.result["checkpoint"]:
                raise mismatch(
                    f"it read other weights than trial {trial} left", f"{unit.kind} {unit.key}"
                )


def _require_picks(run: Run, held: Held) -> None:
    start = run.condition.starts[run.place.initial_set]
    taken = [start.labeled.indices, start.validation.indices]
    for cycle in range(run.last):
        query, annotation = (
            _recorded(run, Slot(cycle, kind, 0), held) for kind in ("query", "annotation")
        )
        picked = np.asarray(query.result["indices"], dtype=np.int64)
        where = f"query {query.unit.key}"
        if len(picked) != query.unit.inputs.budget:
            raise mismatch(f"picked {len(picked)}, not {query.unit.inputs.budget}", where)
        everything = np.concatenate([*taken, picked])
        outside = picked[(picked < 0) | (picked >= run.condition.facts.n_train)]
        if len(outside) or len(np.unique(everything)) < len(everything):
            raise mismatch("picked an image twice, or one that was not in the pool", where)
        taken.append(picked)
        _require_labels(annotation, picked, held)


def _require_labels(annotation: Any, picked: Any, held: Held) -> None:
    where = f"annotation {annotation.unit.key}"
    labels = np.asarray(annotation.result["labels"], dtype=np.int64)
    if (
        labels.shape != picked.shape
        or IndexSet(picked, labels).digest != annotation.result["added"]
    ):
        raise mismatch("the labels that it gave are not those that were added", where)
    corrected = annotation.result.get("corrected")
    if corrected is not None and not np.array_equal(held.index_set(corrected).indices, picked):
        raise mismatch("what was corrected are not the images that were queried", where)


def _recorded(run: Run, slot: Slot, held: Held) -> Any:
    unit = run.steps[slot].unit
    assert unit is not None
    return held.record(unit.kind, unit.key)


def _require_same(said: Any, given: Any, where: str, source: str, *, exact: bool) -> None:
    difference = next(_differences(said, given, "", exact), None)
    if difference is not None:
        place, one, other = difference
        raise mismatch(f"{place} is {one!r}, {source} {other!r}", where)


def _differences(one: Any, other: Any, place: str, exact: bool) -> Iterator[tuple[str, Any, Any]]:
    """Where two JSON values differ; numbers may differ in their last digits unless ``exact``."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in dict.fromkeys([*one, *other]):
            yield from _differences(one.get(name), other.get(name), f"{place}{name}, ", exact)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from _differences(*pair, f"{place}{number}, ", exact)
    elif not _equal(one, other, exact):
        yield place.rstrip(", "), one, other


def _equal(one: Any, other: Any, exact: bool) -> bool:
    if not exact and isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_CLOSE, abs_tol=_CLOSE)
    return bool(one == other)

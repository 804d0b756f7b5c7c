"""Evidence: whether a document is what planning and collecting make of the records."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from alharness.bundles.described import mismatch
from alharness.bundles.held import Held, HeldLedger
from alharness.bundles.partition import require_partition
from alharness.bundles.rebuilding import rebuilt, rebuilt_suite
from alharness.protocol.bench import Bench
from alharness.protocol.planning.run import State
from alharness.protocol.planning.survey import Survey, survey
from alharness.protocol.units import RepresentationInputs, Unit
from alharness.results.collect import collect_scenario
from alharness.results.document import Document, Scenario
from alharness.results.findings import findings
from alharness.store.allocating import uncollected
from alharness.store.records import Record

NOT_FROM_RECORDS = frozenset(
    {"components", "repeated_images", "family", "published", "not_applicable"}
)
"""What of a scenario records do not say; family-wise findings follow from the family."""

NOT_OF_ROWS = frozenset({"sampler", "outdated", "citation", "summary"})
"""The same of a row; that its sampler is that of its records is seen when a bench is rebuilt."""

_BESIDE = frozenset({"shared_trainings", "machines", "overlap", "times", "importance", "querying"})
_BESIDE_ROWS = frozenset({"recorded", "machines", "origins", "co_trained"})
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
            bench, state = _its_own(bench, survey(bench, ledger))
        _require_done(state, scenario.scenario)
        collected = collect_scenario(bench, bench.conditions[0], state, ledger)
        require_partition(bench, state, held)
        one = Rested(bench, state, collected)
        _require_weights(one.units(), held)
        _require_features(bench, one.units(), held)
        found.append(one)
    return found


def _its_own(bench: Bench, state: Survey) -> tuple[Bench, Survey]:
    """Without what a scenario replays, which rests on its own records."""
    condition = bench.conditions[0]
    runs = tuple(run for run in state.runs if run.condition is condition)
    return replace(bench, conditions=(condition,)), replace(state, runs=runs)


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


def _require_weights(units: Mapping[str, Unit], held: Held) -> None:
    """What was started from, measured and asked with are the weights that the trials left."""
    for unit in units.values():
        read = unit.inputs.reads().weights
        record = held.record(unit.kind, unit.key) if read else None
        for trial in read:
            assert record is not None
            left = held.record("trial", trial)
            if left is None or _told(record, trial) != left.result["checkpoint"]:
                raise mismatch(
                    f"it read other weights than trial {trial} left", f"{unit.kind} {unit.key}"
                )


def _told(record: Record, trial: str) -> Any:
    """Digest of the weights of a trial that a unit says it read."""
    match record.unit.kind:
        case "trial":
            return record.result.get("start")
        case "query":
            return record.result["checkpoints"].get(trial)
        case _:
            return record.result["checkpoint"]


def _require_features(bench: Bench, units: Mapping[str, Unit], held: Held) -> None:
    """Training features are of as many images as there are."""
    (condition,) = bench.conditions
    for unit in units.values():
        if not isinstance(unit.inputs, RepresentationInputs) or unit.inputs.part != "train":
            continue
        record = held.record(unit.kind, unit.key)
        assert record is not None
        if record.result["n"] != condition.facts.n_train:
            raise mismatch(
                f"features of {record.result['n']} training images, of which there are "
                f"{condition.facts.n_train}",
                f"{unit.kind} {unit.key}",
            )


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

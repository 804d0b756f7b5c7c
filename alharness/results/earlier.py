"""Results add up: what of earlier benches stands in the document of a later one.

Rows of methods that are complete are collected from the records, like those of the bench itself.
What is here decides which these are, and what becomes of the rows of an earlier document that do
not follow from the records any more: they stay as they were, marked, or are named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from alharness.protocol.planning.run import State
from alharness.protocol.planning.survey import Survey
from alharness.results.document import Document, Method, Scenario, numbers
from alharness.results.findings import untested
from alharness.results.overlap import widened
from alharness.results.setting import NotApplicable
from alharness.store.tried import method_id

CHANGED = "its plugin changed"
INCOMPLETE = "not all of its runs are done"
ELSEWHERE = "code or data that it rests on changed, or records of it are gone"
"""Why a row is outdated."""


def without_incomplete(survey: Survey, compared: Collection[str]) -> Survey:
    """The survey without methods that are not compared, by label, and not done in a scenario."""
    incomplete = {
        (run.condition.name, run.method.label)
        for run in survey.runs
        if run.method.label not in compared and run.state is not State.DONE
    }
    kept = (run for run in survey.runs if (run.condition.name, run.method.label) not in incomplete)
    return replace(survey, runs=tuple(kept))


def with_outdated(
    document: Document, earlier: Document, now: Mapping[str, str], unusable: Mapping[str, str]
) -> Document:
    """The document with the rows that only an earlier one has, marked as outdated.

    now: ``method_id`` of the methods of today, by label. unusable: why a method cannot be used
    today, by label. Rows of another protocol, or measured at other numbers of labels, are left out.
    A row keeps its times; what it queried is not compared with what others queried since. What was
    not applicable stays so, until it is benched again.
    """
    before = {one.protocol_digest: one for one in earlier.scenarios}
    scenarios, findings = [], {}
    for scenario in document.scenarios:
        there = before.get(scenario.protocol_digest)
        rows = [
            row.model_copy(update={"outdated": unusable.get(row.method) or _why(row, now)})
            for row in _missing(scenario, there)
        ]
        found = document.findings[scenario.scenario]
        of_rows = {row.method: untested(row, scenario) for row in rows}
        update = {
            "methods": (*scenario.methods, *rows),
            "not_applicable": _not_applicable(scenario, there),
            **_companions(scenario, there, rows),
        }
        scenarios.append(scenario.model_copy(update=update))
        findings[scenario.scenario] = found.model_copy(
            update={"methods": {**found.methods, **of_rows}}
        )
    return document.model_copy(update={"scenarios": tuple(scenarios), "findings": findings})


def with_others(document: Document, earlier: Document, declared: Mapping[str, str]) -> Document:
    """The document with the scenarios that only an earlier one has, as they were.

    They were not asked for this time. declared: the protocol digests of all scenarios that the
    suite declares today, by name, in its order; results of another protocol are left out.
    """
    now = {one.scenario: one for one in document.scenarios}
    before = {
        one.scenario: one
        for one in earlier.scenarios
        if declared.get(one.scenario) == one.protocol_digest
    }
    everything, found = before | now, {**earlier.findings, **document.findings}
    ordered = [everything[name] for name in declared if name in everything]
    findings = {one.scenario: found[one.scenario] for one in ordered}
    return document.model_copy(update={"scenarios": tuple(ordered), "findings": findings})


def left_out(document: Document, earlier: Document) -> Iterator[str]:
    """A line for each scenario of an earlier document of which rows are in this one no more."""
    after = {one.protocol_digest: one for one in document.scenarios}
    for scenario in earlier.scenarios:
        there = after.get(scenario.protocol_digest)
        rows = scenario.methods if there is None else _new(there, scenario)
        if rows:
            why = (
                "the suite declares it otherwise now"
                if there is None
                else "they were measured at other numbers of labels"
            )
            yield (
                f"the report no longer shows earlier results of {scenario.scenario} "
                f"({', '.join(row.method for row in rows)}): {why}"
            )
        for one in () if there is None else there.not_applicable or ():
            if one.method in {row.method for row in scenario.methods}:
                yield (
                    f"the report no longer shows earlier results of {scenario.scenario} "
                    f"({one.method}): it is not applicable there, {one.reason}"
                )


def _missing(scenario: Scenario, earlier: Scenario | None) -> list[Method]:
    """The rows of an earlier scenario that fit into one and that it does not have."""
    if earlier is None or earlier.labels != scenario.labels:
        return []
    shape = numbers(scenario.methods[0].accuracy).shape
    return [row for row in _new(scenario, earlier) if numbers(row.accuracy).shape == shape]


def _companions(
    scenario: Scenario, earlier: Scenario | None, rows: Sequence[Method]
) -> dict[str, Any]:
    """Overlap, times and first sets of a scenario with further rows of an earlier one."""
    labels = {row.method for row in rows}
    started = [one for one in (earlier and earlier.first_sets) or () if one.method in labels]
    kept = [one for one in (earlier and earlier.times) or () if one.method in labels]
    return {
        "times": (*(scenario.times or ()), *kept),
        "first_sets": scenario.first_sets and (*scenario.first_sets, *started),
        "overlap": scenario.overlap and widened(scenario.overlap, len(rows)),
    }


def _not_applicable(scenario: Scenario, earlier: Scenario | None) -> tuple[NotApplicable, ...]:
    """What is not applicable in a scenario, or was in an earlier one and has no row since."""
    now = {one.method: one for one in scenario.not_applicable or ()}
    rows = {row.method for row in scenario.methods}
    before = () if earlier is None else earlier.not_applicable or ()
    return (*now.values(), *(one for one in before if one.method not in rows | now.keys()))


def _new(scenario: Scenario, earlier: Scenario) -> list[Method]:
    """The rows of an earlier scenario whose applicable methods have none in this one.

    Under any label.
    """
    without = {one.method for one in scenario.not_applicable or ()}
    labels = without | {row.method for row in scenario.methods}
    methods = {method_id(row.sampler) for row in scenario.methods}
    return [
        row
        for row in earlier.methods
        if row.method not in labels and method_id(row.sampler) not in methods
    ]


def _why(row: Method, now: Mapping[str, str]) -> str:
    if row.method in now and now[row.method] != method_id(row.sampler):
        return CHANGED
    return INCOMPLETE if any(run.state != "done" for run in row.runs) else ELSEWHERE

"""The family of a document: taken from what a workspace noted, and narrowed by the reader."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from alharness.api.errors import UsageError
from alharness.protocol.wording import did_you_mean
from alharness.results.document import Document, Family, Member, Scenario
from alharness.results.findings import is_member, with_family
from alharness.store.tried import Tried, TriedMethods, method_id


def conclude(document: Document, tried: TriedMethods) -> None:
    """Note what came out for each method of a document. Raises HarnessError: the disk refuses."""
    for scenario in document.scenarios:
        verdicts = {
            label: one.verdict
            for label, one in document.findings[scenario.scenario].methods.items()
        }
        for method in scenario.methods:
            verdict = verdicts[method.method]
            if verdict is not None and (is_member(method, scenario) or method.looked_at):
                tried.conclude(
                    scenario.protocol_digest,
                    method.sampler,
                    scenario.reference,
                    None if method.looked_at else verdict.p_value,
                    scenario.endpoint.metric,
                )


def with_noted(document: Document, tried: TriedMethods) -> Document:
    """The document with families that count what the workspace noted, too."""
    families = {
        one.scenario: Family(
            others=_others(one, tried.under(one.protocol_digest)), narrowed_to=None
        )
        for one in document.scenarios
    }
    return _with_families(document, families)


def _others(scenario: Scenario, noted: Mapping[str, Tried]) -> tuple[Member, ...]:
    """Methods without a row in the document.

    A p-value against another reference, or on another metric, says nothing.
    """
    asked = (scenario.reference, scenario.endpoint.metric)
    rows = {
        method_id(method.sampler)
        for method in scenario.methods
        if not (method.outdated or method.looked_at)
    }
    return tuple(
        Member(
            method=one.method,
            p_value=one.p_value if (one.reference, one.metric) == asked else None,
        )
        for number, one in noted.items()
        if number not in rows and one.method != scenario.reference
    )


def narrowed(document: Document, labels: Collection[str]) -> Document:
    """The document with its families narrowed to the methods of these labels."""
    families = {
        one.scenario: None
        if one.family is None
        else one.family.model_copy(update={"narrowed_to": tuple(dict.fromkeys(labels))})
        for one in document.scenarios
    }
    return _with_families(document, families)


def members_of(document: Document) -> set[str]:
    """The labels of all that its families may be narrowed to."""
    return {label for one in document.scenarios for label in _labels(one)}


def require_members(labels: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raises UsageError for a label that is not among those known."""
    there = set(known)
    for label in labels:
        if label not in there:
            raise UsageError(
                f"--family: '{label}' is not a method ever recorded for this protocol",
                where=where,
                remedy=did_you_mean(label, there),
            )


def read_labels(texts: Iterable[str]) -> tuple[str, ...]:
    """The labels in ``a,b``, or in ``vaal:epochs=6,width=16,b``, where two are parameters."""
    pieces = (piece for text in texts for piece in re.split(r",(?![^,:]*=)", text))
    return tuple(dict.fromkeys(filter(None, (piece.strip() for piece in pieces))))


def _labels(scenario: Scenario) -> list[str]:
    if scenario.family is None:
        return []
    rows = [one.method for one in scenario.methods if one.method != scenario.reference]
    return [*rows, *(other.method for other in scenario.family.others)]


def _with_families(document: Document, families: Mapping[str, Family | None]) -> Document:
    scenarios = tuple(
        one.model_copy(update={"family": families[one.scenario]}) for one in document.scenarios
    )
    found = {one.scenario: with_family(one, document.findings[one.scenario]) for one in scenarios}
    return document.model_copy(update={"scenarios": scenarios, "findings": found})

"""What a scenario of a document replays: the rows that queried, and the splits that they share."""

from __future__ import annotations

from dataclasses import replace

from alharness.bundles.described import mismatch
from alharness.protocol.condition import Condition, Start
from alharness.results.document import Document, Method, Scenario


def replayed(document: Document, scenario: Scenario, source: str) -> Scenario:
    """The scenario of this name, whose labeled sets another one trains on. Raises MismatchError."""
    for one in document.scenarios:
        if one.scenario == source:
            return one
    raise mismatch(
        f"{source}, which it replays, is not in the document", f"document, {scenario.scenario}"
    )


def asking_rows(scenario: Scenario, asked: Scenario) -> list[Method]:
    """The rows of the scenario in which a scenario's methods were asked, in that one's order.

    Itself, where it replays none. Raises MismatchError where there a method has no row, or another
    sampler.
    """
    rows = {one.method: one for one in asked.methods}
    for own in scenario.methods:
        there = rows.get(own.method)
        if there is None or there.sampler != own.sampler:
            raise mismatch(
                f"{asked.scenario}, which it replays, has no row of the same sampler",
                f"document, {scenario.scenario}, method '{own.method}'",
            )
    return [rows[own.method] for own in scenario.methods]


def with_splits_of(condition: Condition, source: Condition) -> Condition:
    """A condition with what the one that it replays leaves and holds out. Raises MismatchError.

    Where the two have other splits.
    """
    starts = []
    for number, (own, its) in enumerate(zip(condition.starts, source.starts, strict=True)):
        if _digests(own) != _digests(its):
            raise mismatch(
                f"initial set {number} is not that of {source.name}, which it replays",
                f"document, {condition.name}",
            )
        starts.append(own._replace(left_out=its.left_out, held_out=its.held_out))
    return replace(condition, starts=tuple(starts))


def _digests(start: Start) -> tuple[str | None, str]:
    return None if start.labeled is None else start.labeled.digest, start.validation.digest

"""The rows of a document that are complete: those that a bundle can bear out."""

from __future__ import annotations

from collections.abc import Mapping

from alharness.api.errors import UsageError
from alharness.bundles.manifest import LeftOut
from alharness.results.document import Document, Member, Method, Scenario
from alharness.results.findings import is_member

INCOMPLETE = "not all of its runs are done"


def complete(document: Document) -> tuple[Document, tuple[LeftOut, ...]]:
    """The document without rows that are outdated, not done, or replay such; what was left out.

    Its findings are still those of all rows. What is left out stays in the family that verdicts
    count. Units that failed belong to rows that are left out: no failure stays. Raises
    UsageError when a reference is not complete.
    """
    scenarios, left_out = [], []
    for scenario in document.scenarios:
        why = _whys(scenario, document)
        if why[scenario.reference] is not None:
            raise UsageError(
                f"its reference '{scenario.reference}' is not complete",
                where=f"scenario '{scenario.scenario}'",
                remedy="Run 'alharness bench' to the end first",
            )
        left_out += [
            LeftOut(scenario=scenario.scenario, method=method, why=reason)
            for method, reason in why.items()
            if reason is not None
        ]
        scenarios.append(_without(scenario, why, document))
    changes = {"scenarios": tuple(scenarios), "failures": ()}
    return document.model_copy(update=changes), tuple(left_out)


def _why(method: Method) -> str | None:
    if method.outdated is not None:
        return f"outdated: {method.outdated}"
    return INCOMPLETE if any(run.state != "done" for run in method.runs) else None


def _whys(scenario: Scenario, document: Document) -> dict[str, str | None]:
    """Why rows are left out, by method: None of what is complete, as what it replays is."""
    replayed = [one for one in document.scenarios if one.scenario == scenario.replay]
    rows = {row.method: row for one in replayed for row in one.methods}
    found = {}
    for one in scenario.methods:
        source = rows.get(one.method)
        lacking = scenario.replay is not None and (source is None or _why(source) is not None)
        found[one.method] = _why(one) or (
            f"its row in '{scenario.replay}', which it replays, is not complete"
            if lacking
            else None
        )
    return found


def _without(scenario: Scenario, why: Mapping[str, str | None], document: Document) -> Scenario:
    kept = tuple(one for one in scenario.methods if why[one.method] is None)
    family = scenario.family
    if family is not None:
        verdicts = document.findings[scenario.scenario].methods
        tried = tuple(
            _member(one.method, verdicts[one.method].verdict)
            for one in scenario.methods
            if why[one.method] is not None and is_member(one, scenario)
        )
        family = family.model_copy(update={"others": (*family.others, *tried)})
    return scenario.model_copy(update={"methods": kept, "family": family})


def _member(method: str, verdict: object) -> Member:
    return Member(method=method, p_value=getattr(verdict, "p_value", None))

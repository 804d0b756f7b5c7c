"""Which methods of a bench are looked at: those that it is asked for, and what was before."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from alharness.api.errors import UsageError
from alharness.protocol.bench import Bench
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.suite.reading import protocol_digest
from alharness.results.document import Document, Method
from alharness.results.documents import Documents
from alharness.statistics import looks_of
from alharness.store.workspace import Workspace


def with_looks(bench: Bench, workspace: Workspace, asked: bool, origin: str) -> Bench:
    """The bench with the methods that are looked at.

    asked: all that it compares are, but those that an earlier bench ran in full, in every
    scenario that they are applicable in: these have their verdict. Not asked, those that were
    looked at before still are: who runs further seeds after a look that did not please would find
    too much. Raises UsageError where looks do not hold.
    """
    if asked:
        _require_looks(bench.suite, origin)
    rows = _rows(bench, Documents(workspace.reports).last(bench.suite.name))
    before = frozenset(row.method for row in rows if row.looked_at)
    if not asked:
        return replace(bench, looked_at=before)
    scenarios = Counter(row.method for row in rows if not row.looked_at)
    everywhere = Counter(
        method.label for condition in bench.conditions for method in bench.applicable(condition)
    )
    in_full = {label for label, number in scenarios.items() if number >= everywhere[label]}
    labels = frozenset(method.label for method in bench.methods)
    return replace(bench, looked_at=before | (labels - in_full))


def looks_note(bench: Bench, asked: bool) -> list[str]:
    """A line for methods that are looked at though nobody asked."""
    again = [method.label for method in bench.methods if method.label in bench.looked_at]
    if asked or not again:
        return []
    return [
        f"{', '.join(again)}: looked at in an earlier bench of this workspace, and so in this "
        "one. To run all seeds whatever they say, take another workspace"
    ]


def _require_looks(suite: Suite, origin: str) -> None:
    try:
        looks_of(suite.protocol.seeds)
    except ValueError as error:
        raise UsageError(
            f"--looks: {error}",
            where=f"{origin}, protocol.seeds",
            remedy="Leave --looks out, or take a suite of 5 seeds",
        ) from None
    if suite.protocol.stop_at_accuracy is not None:
        raise UsageError(
            "--looks: nothing is tested where runs stop at an accuracy",
            where=f"{origin}, protocol.stop_at_accuracy",
            remedy="Leave one of them out",
        )


def _rows(bench: Bench, document: Document | None) -> list[Method]:
    """Rows under the bench's protocols that are looked at, or were run in full."""
    if document is None:
        return []
    digests = {protocol_digest(bench.suite, one.scenario) for one in bench.conditions}
    return [
        row
        for scenario in document.scenarios
        if scenario.protocol_digest in digests
        for row in scenario.methods
        if not row.outdated and (row.looked_at or all(run.state == "done" for run in row.runs))
    ]

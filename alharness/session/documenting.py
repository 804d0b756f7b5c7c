"""The document and the report that a bench leaves, with what earlier benches found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from alharness.api.errors import HarnessError
from alharness.leaderboard.page import write_page
from alharness.leaderboard.report import write_report
from alharness.protocol.planning.survey import survey
from alharness.protocol.suite.reading import protocol_digest
from alharness.results.collect import collect
from alharness.results.document import Document
from alharness.results.documents import Documents
from alharness.results.earlier import left_out, with_others, with_outdated, without_incomplete
from alharness.results.family import conclude, narrowed, with_noted
from alharness.session.earlier import earlier_document, earlier_methods
from alharness.session.opening import Opened
from alharness.session.published import with_published
from alharness.store.allocating import uncollected
from alharness.store.ledger import StoreLedger
from alharness.store.lock import exclusive
from alharness.store.tried import TriedMethods, method_id

LOCK = "reports.lock"


def leave_document(
    opened: Opened,
    ledger: StoreLedger,
    failures: Mapping[str, str],
    family: Sequence[str],
    say: Callable[[str], None],
) -> tuple[Document, list[str]]:
    """Write what a bench found beside what earlier ones did; the document, and what is unwritten.

    Under a lock: of two benches that end at once the later one sees all of the earlier one's.
    failures: messages of units that failed in this bench, by key. family: labels that the family
        is narrowed to; none given, it is all of it. Unwritten is a line for each file that cannot
        be written.
    """
    with exclusive(opened.workspace.root / LOCK) as not_held:
        if not_held is not None:
            say(f"Note: results of a bench that ends now may be missing in the report. {not_held}")
        suite = opened.bench.suite
        earlier = earlier_document(opened.workspace, suite.name, say)
        document = _document(opened, earlier, ledger, failures)
        document = _with_family(document, opened.workspace.tried, family, say)
        if earlier is not None:
            declared = {one.name: protocol_digest(suite, one) for one in suite.scenarios}
            document = with_others(document, earlier, declared)
            for line in left_out(document, earlier):
                say(f"Note: {line}.")
        document = with_published(document, opened.published)
        return document, _unwritten(document, opened.workspace.reports)


def _document(
    opened: Opened,
    earlier: Document | None,
    ledger: StoreLedger,
    failures: Mapping[str, str],
) -> Document:
    """Collect the rows of the bench and of all that is complete; mark what is outdated."""
    bench = opened.bench
    others = earlier_methods(opened, earlier)
    with uncollected():
        ledger.refresh()
        looked_at = bench.looked_at | _looked_at(earlier)
        everything = replace(others.beside(bench), looked_at=looked_at)
        compared = {method.label for method in bench.methods}
        state = without_incomplete(survey(everything, ledger, failures), compared)
    shown = compared | {run.method.label for run in state.runs}
    methods = tuple(method for method in everything.methods if method.label in shown)
    everything = replace(everything, methods=methods)
    failed = state.failed()
    lines = [message for key, message in failures.items() if key in failed]
    document = collect(everything, state, ledger, lines)
    if earlier is None:
        return document
    now = {method.label: method_id(method) for method in others.usable}
    return with_outdated(document, earlier, now, others.unusable)


def _looked_at(earlier: Document | None) -> set[str]:
    """Labels of what earlier benches looked at: it stays so."""
    scenarios = () if earlier is None else earlier.scenarios
    return {row.method for one in scenarios for row in one.methods if row.looked_at}


def _with_family(
    document: Document,
    tried: TriedMethods,
    family: Sequence[str],
    say: Callable[[str], None],
) -> Document:
    """The document with the family of the workspace, which notes its results before."""
    try:
        conclude(document, tried)
    except HarnessError as error:
        say(f"What was found is not noted for later families: {error}")
    document = with_noted(document, tried)
    return narrowed(document, family) if family else document


def _unwritten(document: Document, folder: Path) -> list[str]:
    """Write document, report and page. One that cannot be written costs only itself."""
    lines = []
    writers = (
        Documents(folder).write,
        partial(write_report, folder=folder),
        partial(write_page, folder=folder),
    )
    for write in writers:
        try:
            write(document)
        except HarnessError as error:
            lines.append(str(error))
    return lines

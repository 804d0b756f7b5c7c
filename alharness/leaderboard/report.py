"""The report of a bench in Markdown, from its document alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alharness.leaderboard import setting, wording
from alharness.leaderboard.tables.paper_chain import paper_chain_table
from alharness.results.document import Document, Scenario, ScenarioFindings
from alharness.store.files import write_over


def report_path(document: Document, folder: Path) -> Path:
    """Where the report of a document lies in a folder of reports: ``SUITE.md``."""
    return folder / f"{document.suite.name}.md"


def write_report(document: Document, folder: Path) -> Path:
    """Write the report into a folder; its path."""
    path = report_path(document, folder)
    write_over(path, report_markdown(document).encode())
    return path


def report_markdown(document: Document) -> str:
    """Everything that a document says, for people."""
    lines = [f"# {document.title}", "", wording.origin(document)]
    for scenario in document.scenarios:
        found = document.findings[scenario.scenario]
        title = setting.titled(scenario.scenario, scenario.representation)
        lines += ["", f"## {title}", ""]
        lines += _table(wording.header(scenario, found), wording.rows(scenario, found))
        lines += ["", *(f"{note}  " for note in wording.notes(scenario, found, document.n_models))]
        if found.paper_chain:
            lines += ["", "### The paper's chain of tests", "", *_chain(scenario, found)]
    if document.failures:
        failures = wording.counted(document.failures)
        lines += ["", "## Failures", "", *(f"- {line}" for line in failures)]
    return "\n".join([*lines, ""])


def _chain(scenario: Scenario, found: ScenarioFindings) -> list[str]:
    table = paper_chain_table(found.paper_chain, scenario.reference)
    return [*_table(table.header, table.texts()), "", *table.notes]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return [line(header), line(["---"] * len(header)), *(line(row) for row in rows)]

"""The report of a bench in Markdown, from its document alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from alharness.leaderboard import wording
from alharness.results.document import Document, Scenario, ScenarioFindings
from alharness.statistics import PaperChain
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
        lines += ["", f"## {scenario.scenario}", ""]
        lines += _table(wording.header(scenario, found), wording.rows(scenario, found))
        lines += ["", *(f"{note}  " for note in wording.notes(scenario, found, document.n_models))]
        if found.paper_chain:
            lines += ["", "### The paper's chain of tests", "", *_chain(scenario, found)]
    if document.failures:
        failures = wording.counted(document.failures)
        lines += ["", "## Failures", "", *(f"- {line}" for line in failures)]
    return "\n".join([*lines, ""])


def _chain(scenario: Scenario, found: ScenarioFindings) -> list[str]:
    reference = scenario.reference
    header = ["labels", f"> {reference}", f"< {reference}", "undetermined", "Kruskal–Wallis p"]
    rows = [
        [
            str(labels),
            _names(chain.better),
            _names(chain.worse),
            _names(chain.undetermined),
            _p_value(chain),
        ]
        for labels, chain in found.paper_chain.items()
    ]
    note = (
        "Kruskal–Wallis and Games–Howell on the pooled runs (Munjal et al. 2022, Table 1). "
        "Seeds are nested in initial sets, so pooled runs are not independent: the verdict above "
        "is the one to go by."
    )
    return [*_table(header, rows), "", note]


def _names(names: Iterable[str]) -> str:
    return ", ".join(names) or "–"


def _p_value(chain: PaperChain) -> str:
    return "–" if chain.kruskal_wallis is None else f"{chain.kruskal_wallis:.3g}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return [line(header), line(["---"] * len(header)), *(line(row) for row in rows)]

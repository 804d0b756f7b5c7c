"""The report of a bench in Markdown and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import alharness
from alharness.leaderboard import wording
from alharness.protocol.bench import Bench
from alharness.protocol.suite.reading import suite_digest
from alharness.results.findings import ScenarioFinding, as_json
from alharness.statistics import PaperChain

JSON_SCHEMA = 1


def report_json(
    bench: Bench, found: Sequence[ScenarioFinding], failures: Sequence[str]
) -> dict[str, Any]:
    """Everything a bench found."""
    return {
        "schema": JSON_SCHEMA,
        "alharness": alharness.__version__,
        "suite": bench.suite.name,
        "suite_version": bench.suite.version,
        "suite_digest": suite_digest(bench.suite),
        "scenarios": [as_json(finding) for finding in found],
        "failures": list(failures),
    }


def report_markdown(bench: Bench, found: Sequence[ScenarioFinding], failures: Sequence[str]) -> str:
    """The same for people."""
    suite = bench.suite
    lines = [
        f"# {suite.title}",
        "",
        f"Suite `{suite.name}` version {suite.version}, digest `{suite_digest(suite)}`; "
        f"alharness {alharness.__version__}.",
    ]
    n_models = len({condition.model.label for condition in bench.conditions})
    for finding in found:
        lines += ["", f"## {finding.result.name}", ""]
        lines += _table(
            wording.header(finding),
            [wording.row(method, finding.result) for method in finding.methods],
        )
        lines += ["", *(f"{note}  " for note in wording.notes(finding, n_models))]
        if finding.chain:
            lines += ["", "### The paper's chain of tests", "", *_chain(finding)]
    if failures:
        lines += ["", "## Failures", "", *(f"- {line}" for line in wording.counted(failures))]
    return "\n".join([*lines, ""])


def _chain(finding: ScenarioFinding) -> list[str]:
    reference = finding.result.reference
    header = ["labels", f"> {reference}", f"< {reference}", "undetermined", "Kruskal–Wallis p"]
    rows = [
        [
            str(labels),
            _names(chain.better),
            _names(chain.worse),
            _names(chain.undetermined),
            _p_value(chain),
        ]
        for labels, chain in finding.chain.items()
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

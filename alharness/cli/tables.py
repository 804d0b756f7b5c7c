"""Documents as tables on standard output, which needs no plugin."""

from __future__ import annotations

from alharness.cli.layout import boxed, fits, output, turned
from alharness.leaderboard import wording
from alharness.results.document import Document


def print_document(document: Document) -> None:
    """One table per scenario, with what a reader has to know below it."""
    console = output()
    for scenario in document.scenarios:
        found = document.findings[scenario.scenario]
        header, rows = wording.header(scenario, found), wording.rows(scenario, found)
        table = boxed(scenario.scenario, header, rows)
        if fits(table, console):
            console.print(table)
        else:
            console.print(scenario.scenario, style="italic", markup=False, highlight=False)
            for part in turned(header, rows, console.width):
                console.print(part, "")
        for note in wording.notes(scenario, found, document.n_models):
            console.print(note, markup=False, highlight=False)


def print_report(document: Document) -> None:
    """A document under its title, with the units that failed."""
    console = output()
    for line in (document.title, wording.origin(document)):
        console.print(line, markup=False, highlight=False)
    print_document(document)
    for line in wording.counted(document.failures):
        console.print(f"Failed: {line}", markup=False, highlight=False)

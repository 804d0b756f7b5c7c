"""Documents as tables on standard output, which needs no plugin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console

from alharness.cli.layout import boxed, fits, output, turned
from alharness.leaderboard import setting, wording
from alharness.leaderboard.tables.table import Table
from alharness.results.document import Document


def print_document(document: Document) -> None:
    """One table per scenario, with what a reader has to know below it."""
    console = output()
    for scenario in document.scenarios:
        found = document.findings[scenario.scenario]
        header, rows = wording.header(scenario, found), wording.rows(scenario, found)
        title = setting.titled(scenario.scenario, scenario.representation)
        _print_table(console, title, header, rows)
        print_notes(wording.notes(scenario, found, document.n_models))


def print_table(table: Table) -> None:
    """A table under its caption, with its notes below it."""
    _print_table(output(), table.caption, table.header, table.texts())
    print_notes(table.notes)


def print_notes(notes: Iterable[str]) -> None:
    """Sentences, a line each where it fits."""
    console = output()
    for note in notes:
        console.print(note, markup=False, highlight=False)


def _print_table(
    console: Console, title: str, header: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """A table as wide as it is where it fits, else on its side."""
    table = boxed(title, header, rows)
    if fits(table, console):
        console.print(table)
        return
    console.print(title, style="italic", markup=False, highlight=False)
    for part in turned(header, rows, console.width):
        console.print(part, "")


def print_report(document: Document) -> None:
    """A document under its title, with the units that failed."""
    console = output()
    for line in (document.title, wording.origin(document)):
        console.print(line, markup=False, highlight=False)
    print_document(document)
    for line in wording.counted(document.failures):
        console.print(f"Failed: {line}", markup=False, highlight=False)

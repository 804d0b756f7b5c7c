"""Documents as tables on standard output, which needs no plugin."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from alharness.leaderboard import wording
from alharness.results.document import Document


def print_document(document: Document) -> None:
    """One table per scenario, with what a reader has to know below it."""
    console = output()
    for scenario in document.scenarios:
        found = document.findings[scenario.scenario]
        table = Table(title=scenario.scenario, title_justify="left")
        for number, title in enumerate(wording.header(scenario, found)):
            table.add_column(title, justify="left" if number == 0 else "right")
        for cells in wording.rows(scenario, found):
            table.add_row(*map(Text, cells))
        console.print(table)
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


def output() -> Console:
    """Standard output: as wide as the terminal, never wrapped in a pipe."""
    console = Console(emoji=False)
    return console if console.is_terminal else Console(width=10_000, emoji=False)

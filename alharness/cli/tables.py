"""Documents and plans as tables on standard output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from alharness.leaderboard import wording
from alharness.protocol.planning.outdated import Outdated
from alharness.protocol.planning.run import SlotKind
from alharness.protocol.planning.tally import Group, Tally
from alharness.protocol.wording import clock
from alharness.results.document import Document

KINDS: tuple[SlotKind, ...] = ("trial", "evaluation", "committee", "query", "annotation")
STATES = ("ready", "waiting", "failed", "blocked", "shared")


def print_document(document: Document) -> None:
    """One table per scenario, with what a reader has to know below it."""
    console = output()
    for scenario in document.scenarios:
        table = Table(title=scenario.scenario, title_justify="left")
        for number, title in enumerate(wording.header(scenario)):
            table.add_column(title, justify="left" if number == 0 else "right")
        for cells in wording.rows(scenario, document.findings[scenario.scenario]):
            table.add_row(*map(Text, cells))
        console.print(table)
        for note in wording.notes(scenario, document.n_models):
            console.print(note, markup=False, highlight=False)


def print_report(document: Document) -> None:
    """A document under its title, with the units that failed."""
    console = output()
    for line in (document.title, wording.origin(document)):
        console.print(line, markup=False, highlight=False)
    print_document(document)
    for line in wording.counted(document.failures):
        console.print(f"Failed: {line}", markup=False, highlight=False)


def print_plan(
    numbers: Mapping[Group, Tally],
    everything: Tally,
    seconds: float | None,
    reasons: Sequence[Outdated],
) -> None:
    """Units per method and cycle, done of all; then all distinct units, and their time.

    ``reasons`` say why units that were computed before have to be computed again.
    """
    console = output()
    for scenario in dict.fromkeys(group.scenario for group in numbers):
        table = Table(title=f"{scenario}: units done / all", title_justify="left")
        for number, title in enumerate(("method", "cycle", *KINDS, *STATES)):
            table.add_column(title, justify="left" if number == 0 else "right")
        places = dict.fromkeys(
            (group.method, group.cycle) for group in numbers if group.scenario == scenario
        )
        for method, cycle in places:
            table.add_row(*map(Text, _plan_row(numbers, scenario, method, cycle)))
        console.print(table)
    left = everything.ready + everything.waiting
    console.print(
        f"{everything.total} distinct units: {everything.done} done, {left} to do "
        f"({everything.ready} of them now), {everything.blocked} blocked. "
        "Shared ones serve several methods and are computed once.",
        highlight=False,
    )
    if left:
        console.print(
            "Time left on one worker: "
            + (f"about {clock(seconds)}." if seconds is not None else "nothing measured yet."),
            highlight=False,
        )
    for reason in reasons:
        console.print(
            f"To compute again, {reason.kind} ({reason.units}): {reason.why}.",
            markup=False,
            highlight=False,
        )


def _plan_row(numbers: Mapping[Group, Tally], scenario: str, method: str, cycle: int) -> list[str]:
    tallies = [numbers.get(Group(scenario, method, cycle, kind), Tally()) for kind in KINDS]
    done = [f"{tally.done} / {tally.total}" if tally.total else "–" for tally in tallies]
    states = [sum(getattr(tally, state) for tally in tallies) for state in STATES]
    return [method, str(cycle), *done, *(str(count) if count else "–" for count in states)]


def output() -> Console:
    """Standard output: as wide as the terminal, never wrapped in a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=10_000)

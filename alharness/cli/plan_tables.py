"""Plans as tables on standard output."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from alharness.cli.tables import output
from alharness.protocol.bench import Bench
from alharness.protocol.planning.outdated import Outdated
from alharness.protocol.planning.run import SlotKind
from alharness.protocol.planning.tally import Group, Tally
from alharness.protocol.wording import clock
from alharness.session.data import DataFound, DataState
from alharness.session.opening import Planned

KINDS: tuple[SlotKind, ...] = ("trial", "evaluation", "committee", "query", "annotation")
STATES = ("ready", "waiting", "failed", "blocked", "shared")


def print_plan(
    planned: Planned,
    numbers: Mapping[Group, Tally],
    everything: Tally,
    seconds: float | None,
    reasons: Sequence[Outdated],
) -> None:
    """Units per method and cycle, done of all; then all distinct units, and their time.

    ``planned`` is the bench and its data; what is not prepared is said.
    ``reasons`` say why units that were computed before have to be computed again.
    """
    console = output()
    for scenario in dict.fromkeys(group.scenario for group in numbers):
        table = Table(title=f"{scenario}: units done / all", title_justify="left")
        for number, title in enumerate(("method", "cycle", "labels", *KINDS, *STATES)):
            table.add_column(title, justify="left" if number == 0 else "right")
        places = dict.fromkeys(
            (group.method, group.cycle) for group in numbers if group.scenario == scenario
        )
        for method, cycle in places:
            known = labels(planned.bench, scenario, cycle)
            row = _plan_row(numbers, Group(scenario, method, cycle, "trial"), known)
            table.add_row(*map(Text, row))
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
    for note in _data_notes(planned.data):
        console.print(note, markup=False, highlight=False)
    for reason in reasons:
        console.print(
            f"To compute again, {reason.kind} ({reason.units}): {reason.why}.",
            markup=False,
            highlight=False,
        )


def _plan_row(numbers: Mapping[Group, Tally], row: Group, known: int | None) -> list[str]:
    tallies = [numbers.get(row._replace(kind=kind), Tally()) for kind in KINDS]
    done = [f"{tally.done} / {tally.total}" if tally.total else "–" for tally in tallies]
    states = [sum(getattr(tally, state) for tally in tallies) for state in STATES]
    counts = [str(count) if count else "–" for count in states]
    return [row.method, str(row.cycle), "?" if known is None else str(known), *done, *counts]


def labels(bench: Bench, scenario: str, cycle: int) -> int | None:
    """Labeled images of a cycle; None while nobody knows how many images there are."""
    sizes = next(one.sizes for one in bench.conditions if one.name == scenario)
    return sizes[cycle] if sizes else None


def _data_notes(data: Mapping[str, DataFound]) -> Iterator[str]:
    """A line for each dataset that is not prepared, with the scenarios that need it."""
    needed: dict[DataFound, list[str]] = defaultdict(list)
    for scenario, found in data.items():
        needed[found].append(scenario)
    for found, scenarios in needed.items():
        whose = f"Data of {found.dataset.label} ({', '.join(scenarios)})"
        declared = (
            "labels follow from what it declares"
            if found.known.n_train is not None
            else "it declares no number of images, so only units are counted"
        )
        if found.missing is not None:
            yield f"{whose}: missing; {declared}. {found.missing.what}. {found.missing.remedy}."
        elif found.state is DataState.UNPREPARED:
            yield f"{whose}: not prepared yet, bench does it; {declared}."

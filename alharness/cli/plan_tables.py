"""Plans as tables on standard output."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rich.table import Table
from rich.text import Text

from alharness.cli.tables import output
from alharness.protocol.planning.run import SlotKind
from alharness.protocol.planning.tally import Tally
from alharness.protocol.wording import clock
from alharness.session.data import DataState
from alharness.session.plan import Plan, PlannedData

KINDS: tuple[SlotKind, ...] = ("trial", "evaluation", "committee", "query", "annotation")
STATES = ("ready", "waiting", "failed", "blocked", "shared")


def print_plan(plan: Plan) -> None:
    """Units per method and cycle, done of all; then all distinct units, their time, and notes."""
    console = output()
    for scenario in dict.fromkeys(one.group.scenario for one in plan.units):
        console.print(_table(plan, scenario))
    everything = plan.distinct_units
    left = everything.ready + everything.waiting
    console.print(
        f"{everything.total} distinct units: {everything.done} done, {left} to do "
        f"({everything.ready} of them now), {everything.blocked} blocked. "
        "Shared ones serve several methods and are computed once.",
        highlight=False,
    )
    trained = plan.trainings
    console.print(
        f"Of them {trained.total} train a model: {trained.done} done, "
        f"{trained.ready + trained.waiting} to do.",
        highlight=False,
    )
    if left:
        console.print(f"Time left on one worker: {_time_left(plan)}", highlight=False)
    for note in _data_notes(plan.data):
        console.print(note, markup=False, highlight=False)
    for line in plan.notes:
        console.print(f"Note: {line}.", markup=False, highlight=False)
    for reason in plan.outdated:
        console.print(
            f"To compute again, {reason.kind} ({reason.units}): {reason.why}.",
            markup=False,
            highlight=False,
        )


def _time_left(plan: Plan) -> str:
    if plan.seconds_left is None:
        return "nothing measured yet; from the first trial on there is an estimate."
    about = f"about {clock(plan.seconds_left)}, if units last as those measured did"
    if not plan.not_measured:
        return f"{about}."
    kinds = dict.fromkeys(f"{one.kind} of {one.scenario}" for one in plan.not_measured)
    return f"{about}, and what was not measured yet ({', '.join(kinds)})."


def _table(plan: Plan, scenario: str) -> Table:
    table = Table(title=f"{scenario}: units done / all", title_justify="left")
    for number, title in enumerate(("method", "cycle", "labels", *KINDS, *STATES)):
        table.add_column(title, justify="left" if number == 0 else "right")
    rows: dict[tuple[str, int, int | None], dict[SlotKind, Tally]] = defaultdict(dict)
    for one in plan.units:
        if one.group.scenario == scenario:
            rows[one.group.method, one.group.cycle, one.labels][one.group.kind] = one.tally
    for (method, cycle, labels), numbers in rows.items():
        known = "?" if labels is None else str(labels)
        table.add_row(*map(Text, (method, str(cycle), known, *_counts(numbers))))
    return table


def _counts(numbers: Mapping[SlotKind, Tally]) -> list[str]:
    tallies = [numbers.get(kind, Tally()) for kind in KINDS]
    done = [f"{tally.done} / {tally.total}" if tally.total else "–" for tally in tallies]
    states = [sum(getattr(tally, state) for tally in tallies) for state in STATES]
    return [*done, *(str(count) if count else "–" for count in states)]


def _data_notes(data: Sequence[PlannedData]) -> Iterator[str]:
    """What there is to say of each dataset; of one that is not prepared, the scenarios too."""
    needed: dict[PlannedData, list[str]] = defaultdict(list)
    for one in data:
        needed[replace(one, scenario="")].append(one.scenario)
    for found, scenarios in needed.items():
        whose = f"Data of {found.dataset} ({', '.join(scenarios)})"
        declared = (
            "labels follow from what it declares"
            if found.n_train is not None
            else "it declares no number of images, so only units are counted"
        )
        if found.state is DataState.MISSING:
            yield f"{whose}: missing; {declared}. {found.why}. {found.remedy}."
        elif found.state is DataState.UNPREPARED:
            yield f"{whose}: not prepared yet, bench does it; {declared}."
        for note in found.notes:
            yield f"Data of {found.dataset}: {note}."

"""Plans as tables on standard output."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rich.console import Console

from alharness.cli.layout import boxed, fits, output, turned
from alharness.protocol.planning.run import CHOOSING, SlotKind
from alharness.protocol.planning.tally import Tally
from alharness.protocol.wording import clock
from alharness.session.data import DataState
from alharness.session.plan import Plan, PlannedData

KINDS: tuple[SlotKind, ...] = ("trial", "evaluation", "committee", "query", "annotation")
"""The columns of every plan; what chooses initial sets has its own where it is planned."""
STATES = ("ready", "waiting", "failed", "blocked", "shared")


def print_plan(plan: Plan) -> None:
    """Units per method and cycle, done of all; then all distinct units, their time, and notes.

    A method that is applicable nowhere has no rows, and is among the notes with the reason.
    """
    console = output()
    for scenario in dict.fromkeys(one.group.scenario for one in plan.units):
        _print_scenario(console, plan, scenario)
        for line in _features(plan, scenario):
            console.print(line, markup=False, highlight=False)
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
    for one in plan.not_applicable:
        console.print(f"{one}.", markup=False, highlight=False)
    for line in (*_warm_start(plan), *_replays(plan), *_subsets(plan), *_not_run(plan)):
        console.print(line, markup=False, highlight=False)
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


def _warm_start(plan: Plan) -> Iterator[str]:
    if plan.warm_start:
        yield (
            "Warm start: after cycle 0 a training goes on from the weights that its run chose in "
            "the cycle before, and waits for them."
        )


def _subsets(plan: Plan) -> Iterator[str]:
    """What samplers see of the pool, once for scenarios where that is the same."""
    seen: dict[int, list[str]] = defaultdict(list)
    for scenario, subset in plan.pool_subset.items():
        if subset is not None:
            seen[subset].append(scenario)
    for subset, scenarios in seen.items():
        where = "" if len(scenarios) == len(plan.pool_subset) else f"{', '.join(scenarios)}: "
        yield (
            f"{where}A sampler sees {subset} of the unlabeled images, or all where there are fewer."
        )


def _replays(plan: Plan) -> Iterator[str]:
    for scenario, source in plan.replay.items():
        yield f"{scenario} replays the labeled sets of {source}, and waits for its queries."


def _not_run(plan: Plan) -> Iterator[str]:
    for scenario, why in plan.not_run.items():
        yield f"{scenario}: not run by those who ship the suite, {why}."


def _time_left(plan: Plan) -> str:
    if plan.seconds_left is None:
        return "nothing measured yet; from the first trial on there is an estimate."
    about = f"about {clock(plan.seconds_left)}, if units last as those measured did"
    if not plan.not_measured:
        return f"{about}."
    kinds = dict.fromkeys(f"{one.kind} of {one.scenario}" for one in plan.not_measured)
    return (
        f"{about}; not counted in it, since nothing like it was measured yet: {', '.join(kinds)}."
    )


def _print_scenario(console: Console, plan: Plan, scenario: str) -> None:
    there = {one.group.kind for one in plan.units if one.group.scenario == scenario}
    kinds = (*(kind for kind in CHOOSING if kind in there), *KINDS)
    title, header = f"{scenario}: units done / all", ("cycle", "labels", *kinds, *STATES)
    by_method = _rows(plan, scenario, kinds)
    everything = [(method, *cells) for method, rows in by_method.items() for cells in rows]
    table = boxed(title, ("method", *header), everything)
    if fits(table, console):
        console.print(table)
        return
    console.print(title, style="italic", markup=False, highlight=False)
    for method, rows in by_method.items():
        console.print(method, style="bold", markup=False, highlight=False)
        for part in turned(header, rows, console.width):
            console.print(part, "")


def _features(plan: Plan, scenario: str) -> Iterator[str]:
    """How many units of features there are; nothing where the scenario has none."""
    tallies = [
        one.tally
        for one in plan.units
        if one.group.scenario == scenario and one.group.kind == "representation"
    ]
    if tallies:
        most = max(tallies, key=lambda tally: tally.total)
        yield (
            f"{scenario}: features, computed once for all methods: {most.done} / {most.total} units"
        )


def _rows(plan: Plan, scenario: str, kinds: Sequence[SlotKind]) -> dict[str, list[tuple[str, ...]]]:
    """Of each method a row for each cycle."""
    found: dict[tuple[str, int, int | None], dict[SlotKind, Tally]] = defaultdict(dict)
    for one in plan.units:
        if one.group.scenario == scenario:
            found[one.group.method, one.group.cycle, one.labels][one.group.kind] = one.tally
    rows: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for (method, cycle, labels), tallies in found.items():
        known = "?" if labels is None else str(labels)
        rows[method].append((str(cycle), known, *_counts(tallies, kinds)))
    return rows


def _counts(numbers: Mapping[SlotKind, Tally], kinds: Sequence[SlotKind]) -> list[str]:
    tallies = [numbers.get(kind, Tally()) for kind in kinds]
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
            f"labels follow from its {found.n_train} training images"
            if found.n_train is not None
            else "how many images it has is known once it is prepared: until then only units are "
            "counted"
        )
        if found.state is DataState.MISSING:
            yield f"{whose}: missing; {declared}. {found.why}. {found.remedy}."
        elif found.state is DataState.UNPREPARED:
            yield f"{whose}: not prepared yet, bench does it; {declared}."
        for note in found.notes:
            yield f"Data of {found.dataset}: {note}."

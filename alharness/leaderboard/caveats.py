"""Caveats: what a verdict is conditional on, in sentences that stand below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from alharness.leaderboard import setting
from alharness.results.companions import Machine, TrainedOn
from alharness.results.document import FamilyFindings, Scenario, ScenarioFindings
from alharness.results.samples import first_set_lines
from alharness.statistics import LookDecision


def caveats(scenario: Scenario, found: ScenarioFindings) -> list[str]:
    """How it was tuned, who chose initial sets, how many methods were tried, where and by whom.

    And what is outdated, or blocked by what it replays, whether its features are in order, and
    which methods it lacks something for.
    """
    family = [] if found.family is None else _family(found.family, scenario.reference)
    machines = _machines(scenario.machines or ())
    looks = _looks(scenario, found)
    where = [*machines, *_origins(scenario)]
    beside = [*_outdated(scenario), *_blocked(scenario), *setting.caveats(scenario)]
    return [
        *_tuning(scenario),
        *first_set_lines(scenario),
        *looks,
        *family,
        *where,
        *beside,
    ]


def _tuning(scenario: Scenario) -> list[str]:
    match scenario.tuning:
        case "first-initial-set":
            return [
                "Conditional on one tuning: all initial sets share the hyper-parameters that one "
                "tuning found, and its luck, which more initial sets do not average out."
            ]
        case "fixed":
            return [
                "At fixed hyper-parameters: nothing was tuned. They have to come from initial "
                "sets that are not compared here."
            ]
        case None:
            return [
                "This document does not say how it was tuned: where all initial sets shared one "
                "tuning, its verdicts are conditional on that."
            ]
        case _:
            return []


def _looks(scenario: Scenario, found: ScenarioFindings) -> list[str]:
    taken = {label: one.looks for label, one in found.methods.items() if one.looks is not None}
    if not taken:
        return []
    certain = [label for label, looks in taken.items() if looks and looks[-1].overstates]
    lines = [
        f"Looks: further seeds of {', '.join(taken)} were run only while their comparison with "
        f"{scenario.reference} left it open. Their verdicts and intervals are at the level of "
        f"their last look ({_levels(taken)}); they have no marks, no rank and no decision in a "
        "family, in which they count as methods whose p is not known."
    ]
    if certain:
        lines.append(
            f"The difference of {', '.join(certain)} is biased away from zero: it was large, and "
            "so no more seeds were run."
        )
    return lines


def _levels(taken: Mapping[str, tuple[LookDecision, ...]]) -> str:
    last = {looks[-1].look for looks in taken.values() if looks}
    return ", ".join(
        f"{100 * (1 - look.alpha):.2f} % after {look.seeds} seeds" for look in sorted(last)
    )


def _outdated(scenario: Scenario) -> list[str]:
    return [
        f"Outdated: {method.method} ({method.outdated}). Its row stands as an earlier bench left "
        "it, without a verdict; 'bench --add' computes it anew."
        for method in scenario.methods
        if method.outdated
    ]


def _blocked(scenario: Scenario) -> list[str]:
    """Nothing, unless runs could not go on since those that they replay did not."""
    counts = {
        method.method: (sum(run.state == "blocked" for run in method.runs), len(method.runs))
        for method in scenario.methods
    }
    told = [f"{label} {blocked} of {n}" for label, (blocked, n) in counts.items() if blocked]
    if scenario.replay is None or not told:
        return []
    return [
        f"Blocked runs: {', '.join(told)}. What they replay in {scenario.replay} failed or is "
        "blocked itself, or so is the run whose tuning they follow."
    ]


def _origins(scenario: Scenario) -> list[str]:
    """Nothing, unless records of a row were taken over from a bundle."""
    rows = {
        method.method: sum(one.units for one in method.origins or ())
        for method in scenario.methods
        if any(one.bundle is not None for one in method.origins or ())
    }
    told = [
        f"{method.method} {one.units} of {rows[method.method]} from bundle {one.bundle[:12]}"
        for method in scenario.methods
        for one in method.origins or ()
        if one.bundle is not None
    ]
    return [f"Units that others computed: {', '.join(told)}."] if told else []


def _family(family: FamilyFindings, reference: str) -> list[str]:
    size, narrowed = len(family.methods), family.narrowed_from
    if size == 0:
        return []
    which = (
        "every method recorded in this workspace for this protocol"
        if narrowed is None
        else f"narrowed from {narrowed} to {size}"
    )
    listed = f"Family of {size} ({which}): {_names(family)}."
    if size == 1:
        return [listed]
    return [
        listed,
        f"Of {size} that equal {reference}, at least one gets a verdict in "
        f"{100 * family.chance:.0f} % of benches; counted as a family (Holm), in 5 % at most.",
    ]


def _names(family: FamilyFindings) -> str:
    counts = Counter(family.methods)
    return ", ".join(
        name if versions == 1 else f"{name} ({versions} versions)"
        for name, versions in counts.items()
    )


def _machines(trained_on: Sequence[TrainedOn]) -> list[str]:
    """Nothing, unless there are several kinds, one that is not known counted as one."""
    if len(trained_on) < 2:
        return []
    known = sum(one.machine is not None for one in trained_on)
    ran = f"ran on {known} kinds" if known > 1 else "may have run on several kinds"
    listed = ", ".join(f"{one.trainings} on {machine_words(one.machine)}" for one in trained_on)
    return [
        f"Trainings {ran} of machines: {listed}. What one kind computes may differ from another in "
        "the last bits, and so may the images that are picked after it."
    ]


def machine_words(machine: Machine | None) -> str:
    """A kind of machine, in words."""
    if machine is None:
        return "one that their records do not name"
    processor = f"{machine.processor} ({machine.instructions})"
    return processor if machine.device == "cpu" else f"{machine.device} with {processor}"

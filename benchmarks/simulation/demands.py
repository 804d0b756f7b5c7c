"""What must hold, and whether it does."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from simulation import looks, shares
from simulation.benches import LAWS, NORMAL, ONE_SIDED, Design
from simulation.shares import Share

BY_CHANCE = 3
"""Where the bound is the right value, so many Monte Carlo errors beyond it are taken for chance."""


@dataclass(frozen=True)
class Findings:
    """All cells of the simulation, ``repetitions`` each."""

    repetitions: int
    verdicts: Mapping[tuple[str, Design, float], shares.Verdicts]
    marks: Mapping[tuple[str, Design, float], tuple[Share, Share]]
    power: Mapping[tuple[Design, float], shares.Power]
    detectable: Mapping[tuple[Design, float], shares.Detectable]
    equivalence: Mapping[tuple[str, Design, float], shares.Equivalence]
    pooled: Mapping[tuple[float, float], Mapping[str, Share]]
    under_looks: Mapping[tuple[str, int, float], looks.FalseVerdicts]
    courses: Mapping[tuple[float, int, float], looks.Course]


def simulate(repetitions: int) -> Findings:
    """Every cell."""
    return Findings(
        repetitions,
        shares.verdicts(repetitions),
        shares.marks(repetitions),
        shares.power(repetitions),
        shares.detectable(repetitions),
        shares.equivalence(repetitions),
        shares.pooled(repetitions),
        looks.errors(repetitions),
        looks.courses(repetitions),
    )


class Demand(NamedTuple):
    """What must hold, what was seen of it, and whether it holds."""

    what: str
    seen: str
    holds: bool


def within(
    what: str, cells: Iterable[Share], low: float, high: float, by_chance: float = 0
) -> Demand:
    """All cells lie from ``low`` to ``high``, or at most ``by_chance`` of their errors beyond."""
    found = sorted(cells)
    slack = [by_chance * one.error for one in found]
    holds = all(
        low - more <= one.value <= high + more for one, more in zip(found, slack, strict=True)
    )
    return Demand(what, f"{found[0]} … {found[-1]}", holds)


def demands(of: Findings) -> list[Demand]:
    """In the order in which the page tells them."""
    return [*_of_verdicts(of), *_of_marks(of), *_of_what_stands_beside(of), *_of_looks(of)]


def _of_verdicts(of: Findings) -> list[Demand]:
    def cells(laws: Container[str]) -> list[shares.Verdicts]:
        return [found for (law, *_), found in of.verdicts.items() if law in laws]

    usual, others, lopsided = cells([NORMAL]), cells(set(LAWS) - {NORMAL}), cells(ONE_SIDED)
    what = "false verdicts"
    return [
        within(f"{what}, normal law: 4.5–5.5 %", [one.false for one in usual], 0.045, 0.055),
        within(f"{what}, {ALIKE}: at most 5.5 %", [one.false for one in others], 0, 0.055),
        within(f"{what}, {APART}: at most 5.5 %", [one.false for one in lopsided], 0, 0.055),
        within("coverage, normal law: 94–96 %", [one.coverage for one in usual], 0.94, 0.96),
    ]


def _of_marks(of: Findings) -> list[Demand]:
    def cells(laws: Container[str]) -> list[Share]:
        return [one for (law, *_), pair in of.marks.items() if law in laws for one in pair]

    what = "benches with a false mark"
    return [
        within(f"{what}, {ALIKE}: at most 5.5 %", cells(LAWS), 0, 0.055),
        within(f"{what}, {APART}: at most 5.5 %", cells(ONE_SIDED), 0, 0.055),
    ]


def _of_what_stands_beside(of: Findings) -> list[Demand]:
    def at_margin(laws: Container[str]) -> list[Share]:
        found = [one for (law, *_), one in of.equivalence.items() if law in laws]
        return [false for one in found for false in (one.better, one.worse)]

    apart = [abs(one.found.value - one.expected) for one in of.power.values()]
    agree = [
        off <= max(BY_CHANCE * one.found.error, 1 / of.repetitions)
        for off, one in zip(apart, of.power.values(), strict=True)
    ]
    detectable = [one.found for one in of.detectable.values()]
    return [
        Demand(
            "power: that of the noncentral *t*", f"at most {100 * max(apart):.2f} off", all(agree)
        ),
        within("power at the detectable effect: 80 %", detectable, 0.8, 0.8, BY_CHANCE),
        within(
            "false equivalence, normal and other laws, the same for both methods: at most 5 %",
            at_margin(LAWS),
            0,
            0.05,
            BY_CHANCE,
        ),
        within(
            f"false equivalence, {APART}: at most 5 %", at_margin(ONE_SIDED), 0, 0.05, BY_CHANCE
        ),
    ]


def _of_looks(of: Findings) -> list[Demand]:
    def cells(laws: Container[str]) -> list[Share]:
        pairs = [found for (law, *_), found in of.under_looks.items() if law in laws]
        return [one for found in pairs for one in (found.heeded, found.unheeded)]

    what = "false verdicts under looks"
    covers = [one.coverage for one in of.courses.values()]
    saved = sorted(one.saved for one in of.courses.values())
    return [
        within(f"{what}, normal law: at most 5 %", cells([NORMAL]), 0, 0.05, BY_CHANCE),
        within(f"{what}, normal law: not below 4 %", cells([NORMAL]), 0.04, 1),
        within(
            f"{what}, other laws: at most 5.5 %", cells({*LAWS, *ONE_SIDED} - {NORMAL}), 0, 0.055
        ),
        within("coverage after a stop: at least 95 %", covers, 0.95, 1, BY_CHANCE),
        Demand(
            "runs saved by looks: at least 15 %",
            f"{100 * saved[0].value:.0f} … {100 * saved[-1].value:.0f}",
            saved[0].value >= 0.15,
        ),
    ]


ALIKE = "other laws, the same for both methods"
APART = "other laws, differing in shape"

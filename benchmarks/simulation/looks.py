"""What looks cost and save, on benches of five seeds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alharness.statistics.looks import LOOKS
from simulation import decisions
from simulation.benches import LAWS, NORMAL, ONE_SIDED, Design, generator
from simulation.shares import Share, share

SEEDS = LOOKS[-1].seeds
INITIAL_SETS = (5, 9, 25)
INTERACTIONS = (0.0, 0.5, 1.0, 2.0)
INTERACTION_OF_LAWS = 0.5
COURSES = ((0.0, (0.0, 0.5, 1.0, 2.0)), (0.5, (0.0, 0.5, 1.0, 2.0)), (2.0, (0.0, 1.0, 2.0, 4.0)))
"""Interactions, and the true differences that each is tried at."""
NOBODY_HEEDS = 1.0


class FalseVerdicts(NamedTuple):
    """False verdicts where benches stop at futility; where nobody heeds it; without looks."""

    heeded: Share
    unheeded: Share
    unstopped: Share


def errors(n: int) -> dict[tuple[str, int, float], FalseVerdicts]:
    """By law, initial sets and interaction, where nothing differs."""
    cells = {}
    for name, law in {**LAWS, **ONE_SIDED}.items():
        for interaction in INTERACTIONS if name == NORMAL else (INTERACTION_OF_LAWS,):
            for initial_sets in INITIAL_SETS:
                rng = generator("looks", name, initial_sets, interaction)
                runs = law(rng, n, Design(initial_sets, SEEDS), interaction, 0.0)
                cells[name, initial_sets, interaction] = FalseVerdicts(
                    share(decisions.walked(runs).verdict != 0),
                    share(decisions.walked(runs, NOBODY_HEEDS).verdict != 0),
                    share(decisions.verdicts(decisions.paired(runs)) != 0),
                )
    return cells


class Mean(NamedTuple):
    """A mean over repetitions and its Monte Carlo standard error; None where there are none."""

    value: float
    error: float


class Course(NamedTuple):
    """How benches under looks go.

    found, unstopped: how often the true difference gets a verdict on its right side, under looks
        and with all seeds.
    saved: mean share of the runs that were not made.
    certain, futile: how often a bench stops early for that.
    bias, bias_of_certain: estimate − truth in seed deviations, of all benches and of those that
        stopped early because they were certain.
    coverage, coverage_of_certain: of the interval at the level of the look that stopped, likewise.
    """

    found: Share
    unstopped: Share
    saved: Mean
    certain: Share
    futile: Share
    bias: Mean
    bias_of_certain: Mean | None
    coverage: Share
    coverage_of_certain: Share | None


def courses(n: int) -> dict[tuple[float, int, float], Course]:
    """By interaction, initial sets and true difference, under the normal law."""
    cells = {}
    for interaction, differences in COURSES:
        for initial_sets in INITIAL_SETS:
            design = Design(initial_sets, SEEDS)
            for truth in differences:
                rng = generator("courses", initial_sets, interaction, truth)
                runs = LAWS[NORMAL](rng, n, design, interaction, truth)
                cells[interaction, initial_sets, truth] = _course(runs, truth)
    return cells


def _course(runs: tuple[NDArray[np.float64], NDArray[np.float64]], truth: float) -> Course:
    end = decisions.walked(runs)
    unstopped = decisions.verdicts(decisions.paired(runs))
    right = unstopped != 0 if truth == 0 else unstopped == np.sign(truth)
    found = end.verdict != 0 if truth == 0 else end.verdict == np.sign(truth)
    certain = (end.seeds < SEEDS) & ~end.futile
    away = end.difference - truth
    covered = np.abs(away) <= end.half_width
    enough = truth > 0 and certain.sum() > 1
    return Course(
        share(found),
        share(right),
        _mean(1 - end.seeds / SEEDS),
        share(certain),
        share(end.futile),
        _mean(away),
        _mean(away[certain]) if enough else None,
        share(covered),
        share(covered[certain]) if enough else None,
    )


def _mean(values: NDArray[np.float64]) -> Mean:
    return Mean(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))

"""How often the verdict and what stands beside it are right and wrong.

Every function takes the number of repetitions of a cell and gives its cells by name.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from alharness.statistics import minimum_detectable_effect
from alharness.statistics.intervals import deviation_interval
from alharness.statistics.paired import ALPHA, POWER
from simulation import decisions
from simulation.benches import (
    DESIGNS,
    HEAVY,
    INTERACTIONS,
    LAWS,
    LOPSIDED,
    NORMAL,
    ONE_SIDED,
    SKEWED,
    Design,
    generator,
    lognormal,
    normal,
    over_budgets,
    student,
    with_initial_sets,
)

MARKED = {
    NORMAL: (normal, normal),
    SKEWED: (lognormal, lognormal),
    HEAVY: (student(3), student(3)),
    LOPSIDED: (lognormal, normal),
}
"""The laws of marks: of the method and of the reference."""
CORRELATIONS = (0.0, 0.5, 0.9)
"""Of neighbouring budgets, in what a method does to an initial set and in the noise of a run."""
ONE_DIFFERS = 3.0
"""The true difference at the last budget, where there is one."""
EFFECTS = tuple(np.arange(0, 2.01, 0.25).tolist())
INTERACTION_OF_POWER = 0.5
MARGINS = (1.0, 2.0)
INITIAL_SET_DEVIATIONS = (0.0, 1.0)


class Share(NamedTuple):
    """A share of repetitions, in [0, 1], and its Monte Carlo standard error."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{100 * self.value:.2f} ± {100 * self.error:.2f}"


def share(happened: ArrayLike) -> Share:
    """Of repetitions in which something happened; (repetitions,), bool."""
    what = np.asarray(happened, dtype=bool)
    value = float(what.mean())
    return Share(value, float(np.sqrt(value * (1 - value) / len(what))))


class Verdicts(NamedTuple):
    """False verdicts where nothing differs; coverage where the difference is one deviation."""

    false: Share
    coverage: Share


def verdicts(n: int) -> dict[tuple[str, Design, float], Verdicts]:
    """By law, design and interaction."""
    cells = {}
    for name, law in {**LAWS, **ONE_SIDED}.items():
        for design in DESIGNS:
            for interaction in INTERACTIONS:
                rng = generator("verdicts", name, *design, interaction)
                equal = decisions.paired(law(rng, n, design, interaction, 0.0))
                apart = decisions.paired(law(rng, n, design, interaction, 1.0)).shifted(-1.0)
                cells[name, design, interaction] = Verdicts(
                    share(decisions.verdicts(equal) != 0),
                    share(np.abs(apart.difference) <= apart.half_width(ALPHA)),
                )
    return cells


def marks(n: int) -> dict[tuple[str, Design, float], tuple[Share, Share]]:
    """Benches with any false mark, by law, design and correlation: nothing differs; one does."""
    cells = {}
    for name, draws in MARKED.items():
        for design in DESIGNS:
            for correlation in CORRELATIONS:
                rng = generator("marks", name, *design, correlation)
                runs = over_budgets(draws, rng, n, design, INTERACTION_OF_POWER, correlation)
                sample = decisions.paired(runs)
                differs = sample.shifted(np.array([0.0, 0.0, ONE_DIFFERS]))
                cells[name, design, correlation] = (
                    share((decisions.marks(sample) != 0).any(axis=1)),
                    share((decisions.marks(differs)[:, :-1] != 0).any(axis=1)),
                )
    return cells


def true_deviation(design: Design, interaction: float) -> float:
    """Of the d_i under the normal law: √(2 (interaction² + 1/J))."""
    return float(np.sqrt(2 * (interaction**2 + 1 / design.seeds)))


class Power(NamedTuple):
    """The share that is found, and what the noncentral t distribution expects."""

    found: Share
    expected: float


def power(n: int) -> dict[tuple[Design, float], Power]:
    """By design and true difference; one set of benches, moved along the differences."""
    cells = {}
    for design in DESIGNS:
        rng = generator("power", *design)
        sample = decisions.paired(LAWS[NORMAL](rng, n, design, INTERACTION_OF_POWER, 0.0))
        deviation = true_deviation(design, INTERACTION_OF_POWER)
        for effect in EFFECTS:
            found = share(decisions.verdicts(sample.shifted(effect)) != 0)
            cells[design, effect] = Power(found, expected_power(design, deviation, effect))
    return cells


def expected_power(design: Design, deviation: float, effect: float) -> float:
    """Of the two-sided t-test; ``deviation`` is the true one of the d_i."""
    df = design.initial_sets - 1
    critical = stats.t.isf(ALPHA / 2, df)
    noncentrality = effect * np.sqrt(design.initial_sets) / deviation
    wrong_side = np.nan_to_num(stats.nct.cdf(-critical, df, noncentrality))
    return float(stats.nct.sf(critical, df, noncentrality) + wrong_side)


class Detectable(NamedTuple):
    """The minimum detectable effect: its true value, and how the reported one does.

    found: how often a true difference of that size gets a verdict; it promises 80 %.
    median: of the reported values, as a share of the true one.
    coverage: of the interval beside it.
    """

    effect: float
    found: Share
    median: float
    coverage: Share


def detectable(n: int) -> dict[tuple[Design, float], Detectable]:
    """By design and interaction, under the normal law."""
    cells = {}
    for design in DESIGNS:
        for interaction in INTERACTIONS:
            deviation = true_deviation(design, interaction)
            effect = minimum_detectable_effect(design.initial_sets, deviation, ALPHA, POWER)
            rng = generator("detectable", *design, interaction)
            sample = decisions.paired(LAWS[NORMAL](rng, n, design, interaction, effect))
            # Effect and interval are proportional to s_d.
            one = deviation_interval(1.0, design.initial_sets, ALPHA)
            ratio = sample.s_d / deviation
            cells[design, interaction] = Detectable(
                effect,
                share(decisions.verdicts(sample) != 0),
                float(np.median(ratio)),
                share((one.low * ratio <= 1) & (one.high * ratio >= 1)),
            )
    return cells


class Equivalence(NamedTuple):
    """How often a method is called equivalent that is better or worse by the margin; that is equal.

    The first two are false.
    """

    better: Share
    worse: Share
    equal: Share


def equivalence(n: int) -> dict[tuple[str, Design, float], Equivalence]:
    """By law, design and margin in seed deviations; one set of benches, moved to the margins."""
    cells = {}
    for name, law in {**LAWS, **ONE_SIDED}.items():
        for design in DESIGNS:
            rng = generator("equivalence", name, *design)
            sample = decisions.paired(law(rng, n, design, INTERACTION_OF_POWER, 0.0))
            for margin in MARGINS:
                called = (
                    share(decisions.equivalent(sample.shifted(difference), margin))
                    for difference in (margin, -margin, 0.0)
                )
                cells[name, design, margin] = Equivalence(*called)
    return cells


def pooled(n: int) -> dict[tuple[float, float], dict[str, Share]]:
    """False verdicts by test; by deviation of initial sets and by interaction, 5 × 5 runs."""
    design, cells = DESIGNS[0], {}
    for deviation in INITIAL_SET_DEVIATIONS:
        for interaction in INTERACTIONS:
            rng = generator("pooled", deviation, interaction)
            runs = LAWS[NORMAL](rng, n, design, interaction, 0.0)
            runs = with_initial_sets(runs, deviation, rng)
            found = {VERDICT: decisions.verdicts(decisions.paired(runs)), **decisions.pooled(runs)}
            cells[deviation, interaction] = {
                test: share(decided != 0) for test, decided in found.items()
            }
    return cells


VERDICT = "our verdict"

"""Simulated benches: seeds nested in initial sets, in units of a seed deviation.

The result of a run is what its method does to its initial set (the interaction) plus its own noise,
whose deviation is 1: that of runs that differ in their seed alone. What an initial set does to all
methods alike cancels out within a pair; only ``with_initial_sets`` adds it, for tests that do not
pair.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[np.float64]
Runs = tuple[Array, Array]
"""Method and reference, each (repetitions, I, J)."""

SEED = 20_261_130
INTERACTIONS = (0.0, 0.5, 1.0)
TEST_IMAGES, ACCURACY = 360, 0.97


class Design(NamedTuple):
    """I initial sets × J seeds for each."""

    initial_sets: int
    seeds: int

    def __str__(self) -> str:
        return f"{self.initial_sets} × {self.seeds}"


DESIGNS = (Design(5, 5), Design(9, 1), Design(25, 1))

Draw = Callable[[Generator, tuple[int, ...]], Array]
"""Independent numbers of mean 0 and deviation 1."""
Law = Callable[[Generator, int, Design, float, float], Runs]
"""(generator, repetitions, design, interaction, true difference) to runs."""


def generator(*cell: object) -> Generator:
    """The generator of one cell: it hangs on its name, not on which cells were drawn before."""
    return np.random.default_rng([SEED, zlib.crc32(repr(cell).encode())])


def normal(rng: Generator, shape: tuple[int, ...]) -> Array:
    """The normal law."""
    return rng.standard_normal(shape)


def chi_square(rng: Generator, shape: tuple[int, ...]) -> Array:
    """χ² with 4 degrees of freedom, skewness 1.4."""
    return np.asarray((2 * rng.standard_gamma(2, shape) - 4) / np.sqrt(8))


def lognormal(rng: Generator, shape: tuple[int, ...]) -> Array:
    """exp of a standard normal, skewness 6.2."""
    mean, variance = np.exp(0.5), np.exp(2) - np.exp(1)
    return np.asarray((np.exp(rng.standard_normal(shape)) - mean) / np.sqrt(variance))


def student(df: int) -> Draw:
    """Student's t with ``df`` > 2 degrees of freedom."""

    def draw(rng: Generator, shape: tuple[int, ...]) -> Array:
        return np.asarray(rng.standard_t(df, shape) * np.sqrt((df - 2) / df))

    return draw


def nested(draw: Draw, rng: Generator, n: int, design: Design, interaction: float) -> Array:
    """One method's runs around 0, (n, I, J)."""
    noise = draw(rng, (n, *design))
    if interaction:
        noise += interaction * draw(rng, (n, design.initial_sets, 1))
    return noise


def of(method: Draw, reference: Draw, times: float = 1.0) -> Law:
    """Runs whose every part has these laws; the method's deviations are ``times`` as large."""

    def law(rng: Generator, n: int, design: Design, interaction: float, difference: float) -> Runs:
        ours = times * nested(method, rng, n, design, interaction) + difference
        return ours, nested(reference, rng, n, design, interaction)

    return law


def uneven(rng: Generator, n: int, design: Design, interaction: float, difference: float) -> Runs:
    """Normal; each initial set stretches its runs of both methods, by exp of a normal (0, 0.5)."""
    ours, theirs = of(normal, normal)(rng, n, design, interaction, 0.0)
    stretch = np.exp(0.5 * rng.standard_normal((n, design.initial_sets, 1)))
    return ours * stretch + difference, theirs * stretch


def accuracies(
    rng: Generator, n: int, design: Design, interaction: float, difference: float
) -> Runs:
    """Correct ones of 360 test images, of which 97 % are expected: few values, and a bound near by.

    An initial set's share of correct ones follows a beta law, images then a binomial one.
    """
    deviation = np.sqrt(ACCURACY * (1 - ACCURACY) / TEST_IMAGES)

    def runs(mean: float) -> Array:
        share = np.full((n, design.initial_sets, 1), mean)
        if interaction:
            total = mean * (1 - mean) / (interaction * deviation) ** 2 - 1
            share = rng.beta(mean * total, (1 - mean) * total, share.shape)
        return np.asarray(rng.binomial(TEST_IMAGES, share, (n, *design)) / TEST_IMAGES / deviation)

    return runs(ACCURACY + difference * deviation), runs(ACCURACY)


def failing(rng: Generator, n: int, design: Design, interaction: float, difference: float) -> Runs:
    """Normal; one in fifty of the method's runs fails: it is worse by ten seed deviations.

    The true difference, a mean, counts that.
    """
    ours, theirs = of(normal, normal)(rng, n, design, interaction, difference)
    failed = rng.random(ours.shape) < ONE_IN
    return ours - FAILURE * (failed - ONE_IN), theirs


ONE_IN, FAILURE = 1 / 50, 10.0
NORMAL = "normal"
SKEWED = "very skewed (lognormal)"
HEAVY = "heavier tails (t, 3 df)"
LOPSIDED = "lognormal against normal"
LAWS: dict[str, Law] = {
    NORMAL: of(normal, normal),
    "skewed (χ², 4 df)": of(chi_square, chi_square),
    SKEWED: of(lognormal, lognormal),
    "heavy tails (t, 5 df)": of(student(5), student(5)),
    HEAVY: of(student(3), student(3)),
    "accuracy on 360 images": accuracies,
    "the method varies twice as much": of(normal, normal, times=2.0),
    "initial sets vary unevenly": uneven,
}
ONE_SIDED: dict[str, Law] = {
    "χ² (4 df) against normal": of(chi_square, normal),
    LOPSIDED: of(lognormal, normal),
    "one run of the method in fifty fails": failing,
}
"""Where method and reference differ in shape, the differences are skewed themselves."""


def with_initial_sets(runs: Runs, deviation: float, rng: Generator) -> Runs:
    """The same runs where initial sets are better or worse for all methods alike."""
    ours, theirs = runs
    shift = deviation * rng.standard_normal((*ours.shape[:2], 1))
    return ours + shift, theirs + shift


BUDGETS = 3


def over_budgets(
    draws: tuple[Draw, Draw],
    rng: Generator,
    n: int,
    design: Design,
    interaction: float,
    correlation: float,
) -> Runs:
    """Runs at three budgets, (n, I, J, 3), without true difference; neighbours are correlated.

    ``draws``: the laws of the method and of the reference.
    """

    def correlated(draw: Draw, *shape: int) -> Array:
        parts = draw(rng, (*shape, BUDGETS))
        for b in range(1, BUDGETS):
            fresh = np.sqrt(1 - correlation**2) * parts[..., b]
            parts[..., b] = correlation * parts[..., b - 1] + fresh
        return parts

    def runs(draw: Draw) -> Array:
        of_sets = interaction * correlated(draw, n, design.initial_sets, 1)
        return correlated(draw, n, *design) + of_sets

    ours, theirs = draws
    return runs(ours), runs(theirs)

"""The verdict: one method against the reference, paired by initial set and seed.

Seeds are nested in initial sets and both methods share them, so I × J runs are not I·J
independent samples: the initial sets are, and each gives one difference (design, section 8).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from alharness.statistics.detectable import minimum_detectable_effect
from alharness.statistics.differences import (
    FEWEST_INITIAL_SETS,
    Differences,
    aligned,
    differences,
)
from alharness.statistics.holm import holm
from alharness.statistics.intervals import Interval, deviation_interval, mean_interval

ALPHA = 0.05
POWER = 0.8


class Verdict(StrEnum):
    """What a comparison says about a method."""

    BETTER = "better"
    """The interval lies above 0."""
    WORSE = "worse"
    """The interval lies below 0."""
    UNDETERMINED = "undetermined"
    """The interval holds 0, or the differences do not vary and there is none."""
    NOT_TESTABLE = "not-testable"
    """Fewer than three initial sets, or nothing that they would repeat."""

    def sentence(self, reference: str) -> str:
        """The verdict in words, e.g. ``better than random`` for the reference ``random``."""
        if self in (Verdict.BETTER, Verdict.WORSE):
            return f"{self} than {reference}"
        return self.replace("-", " ")


@dataclass(frozen=True)
class Comparison:
    """A method against the reference. Differences are method − reference, in accuracy units.

    n_initial_sets: I, initial sets with at least one pair.
    n_pairs: (initial set, seed) present in both.
    difference: D, the mean over initial sets of d_i; None without any pair.
    verdict: ``better`` or ``worse`` exactly when ``interval`` excludes 0.
    alpha: significance level; ``interval`` has level 1 − alpha. 0.05 for a verdict; for a mark
        the level that it met in Holm's procedure; at a look (``looks``) the look's.
    interval: of D; None where the verdict needs none (see ``Verdict``).
    p_value: two-sided, of the one-sample t-test of d_i; for a mark adjusted by Holm. Below 0.05
        (at a look: below ``alpha``) exactly when the verdict is ``better`` or ``worse``. None where
        ``interval`` is.
    s_d: sample standard deviation of d_i; 0 when they differ by rounding only; None with fewer
        than three initial sets.
    s_d_interval: its chi-square interval at 95 %; None where ``interval`` is.
    minimum_detectable_effect: the true difference that this comparison finds with 80 % power at
        ``alpha``, taking s_d as the true deviation; None where ``interval`` is.
    minimum_detectable_effect_interval: the same at the two ends of ``s_d_interval``.
    """

    n_initial_sets: int
    n_pairs: int
    difference: float | None
    verdict: Verdict
    alpha: float
    interval: Interval | None = None
    p_value: float | None = None
    s_d: float | None = None
    s_d_interval: Interval | None = None
    minimum_detectable_effect: float | None = None
    minimum_detectable_effect_interval: Interval | None = None


def compare(method: ArrayLike, reference: ArrayLike, alpha: float = ALPHA) -> Comparison:
    """The verdict on a method: is it better than the reference?

    ``method`` and ``reference``: (I, J), one endpoint per run (initial set × seed), aligned, NaN
    where a run is missing. A seed missing in one is dropped from both; d_i is the mean over the
    seeds left and i counts while one is. D is the mean of d_i, its interval
    D ± t₀.₉₇₅,I₋₁ · s_d/√I: unadjusted, one question per method, and independent of which other
    methods are present. ``alpha``: in (0, 0.8); 0.05 is what a verdict means, and only ``looks``
    asks for another.

    Raises ValueError when the shapes differ or are not (I, J), or for infinite values.
    Design, sections 8.1 and 8.2.
    """
    sample = differences(*aligned(method, reference, ndim=2))
    return _comparison(sample, alpha, float(sample.p_values()))


def verdict(method: ArrayLike, reference: ArrayLike) -> Verdict:
    """The verdict of ``compare`` alone, in a twentieth of its time: for simulations.

    Raises ValueError as ``compare`` does.
    """
    sample = differences(*aligned(method, reference, ndim=2))
    if sample.n_initial_sets < FEWEST_INITIAL_SETS:
        return Verdict.NOT_TESTABLE
    return _verdict(_interval(sample, ALPHA)) if sample.deviation else Verdict.UNDETERMINED


def marks(method: ArrayLike, reference: ArrayLike) -> tuple[Comparison, ...]:
    """The per-budget marks of a method: ``compare`` at every budget, with Holm over its budgets.

    ``method`` and ``reference``: (I, J, B), accuracies over the B budgets after cycle 0, aligned,
    NaN where missing. Returns B comparisons. The family is all B budgets of this one method,
    those that cannot be tested (yet) included, so a mark does not hang on which budgets are.

    Holm decides, and the interval beside a mark has the level of the step that decided it:
    1 − 0.05/(B − k) for the k-th significant budget (from 0, in order of p), and
    1 − 0.05/(B − r) for all others, r being the number of significant budgets: the level of the
    step that stopped. Hence an interval excludes 0 exactly when its mark is significant. The
    intervals restate Holm's decisions; 95 % joint coverage of the true differences is not claimed.

    Raises ValueError as ``compare`` does. Design, section 8.1.
    """
    ours, theirs = aligned(method, reference, ndim=3)
    samples = [differences(ours[..., b], theirs[..., b]) for b in range(ours.shape[-1])]
    p_values = [float(sample.p_values()) for sample in samples]
    steps = holm(np.nan_to_num(p_values, nan=1.0), ALPHA)
    return tuple(
        _comparison(sample, float(level), float(adjusted))
        for sample, level, adjusted in zip(samples, steps.levels, steps.adjusted, strict=True)
    )


def _comparison(sample: Differences, alpha: float, p_value: float) -> Comparison:
    n, n_pairs, s_d = int(sample.n_initial_sets), int(sample.n_pairs), float(sample.deviation)
    difference = float(sample.mean) if n else None
    if n < FEWEST_INITIAL_SETS:
        return Comparison(n, n_pairs, difference, Verdict.NOT_TESTABLE, alpha)
    if s_d == 0:
        return Comparison(n, n_pairs, difference, Verdict.UNDETERMINED, alpha, s_d=s_d)
    interval = _interval(sample, alpha)
    s_d_interval = deviation_interval(s_d, n, ALPHA)
    effect = minimum_detectable_effect(n, s_d, alpha, POWER)
    return Comparison(
        n_initial_sets=n,
        n_pairs=n_pairs,
        difference=difference,
        verdict=_verdict(interval),
        alpha=alpha,
        interval=interval,
        p_value=p_value,
        s_d=s_d,
        s_d_interval=s_d_interval,
        minimum_detectable_effect=effect,
        # The effect is proportional to the deviation.
        minimum_detectable_effect_interval=Interval(
            effect * s_d_interval.low / s_d, effect * s_d_interval.high / s_d
        ),
    )


def _interval(sample: Differences, alpha: float) -> Interval:
    n = int(sample.n_initial_sets)
    return mean_interval(float(sample.mean), float(sample.deviation), n, alpha)


def _verdict(interval: Interval) -> Verdict:
    if interval.low > 0:
        return Verdict.BETTER
    if interval.high < 0:
        return Verdict.WORSE
    return Verdict.UNDETERMINED

"""What ``alharness.statistics`` decides of one bench, for all repetitions of it at once.

The same rules written a second time, over arrays; a test holds both against each other. No run is
missing. A decision is 1 for better, −1 for worse, 0 for undetermined.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alharness.statistics.intervals import ROUNDING
from alharness.statistics.looks import FUTILITY, LOOKS
from alharness.statistics.paired import ALPHA
from simulation.benches import Array, Runs

Decisions = NDArray[np.int8]


class Paired(NamedTuple):
    """D and s_d, each (repetitions, ...), of I initial sets; s_d is 0 where there is no spread."""

    difference: Array
    s_d: Array
    initial_sets: int

    @property
    def error(self) -> Array:
        """The standard error of D."""
        return np.asarray(self.s_d / np.sqrt(self.initial_sets))

    def half_width(self, alpha: float) -> Array:
        """Of the interval at level 1 − ``alpha``."""
        return np.asarray(stats.t.isf(alpha / 2, self.initial_sets - 1) * self.error)

    def p_values(self) -> Array:
        """Two-sided; 1 where there is no spread."""
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.abs(self.difference) / self.error
        return np.where(self.s_d > 0, 2 * stats.t.sf(t, self.initial_sets - 1), 1.0)

    def shifted(self, by: ArrayLike) -> Paired:
        """As if the method were better by ``by`` in every run, at all budgets or at each."""
        return self._replace(difference=self.difference + np.asarray(by))


def paired(runs: Runs) -> Paired:
    """The differences of each bench: runs (repetitions, I, J) or (repetitions, I, J, budgets)."""
    ours, theirs = runs
    d = (ours - theirs).mean(axis=2)
    s_d = d.std(axis=1, ddof=1)
    ends = [extreme for one in runs for extreme in (one.max(axis=(1, 2)), -one.min(axis=(1, 2)))]
    scale = np.max(ends, axis=0)
    return Paired(d.mean(axis=1), np.where(s_d <= ROUNDING * scale, 0.0, s_d), d.shape[1])


def verdicts(sample: Paired, alpha: float = ALPHA) -> Decisions:
    """Whether the interval at level 1 − ``alpha`` excludes 0, and on which side."""
    half = sample.half_width(alpha)
    excludes = (sample.s_d > 0) & (np.abs(sample.difference) > half)
    return _signed(sample, excludes)


def marks(sample: Paired) -> Decisions:
    """The marks at the budgets of each bench, (repetitions, budgets): Holm's procedure."""
    p = sample.p_values()
    order = np.argsort(p, axis=1, kind="stable")
    passed = np.take_along_axis(p, order, axis=1) * (p.shape[1] - np.arange(p.shape[1])) < ALPHA
    rejected = np.empty_like(passed)
    np.put_along_axis(rejected, order, np.logical_and.accumulate(passed, axis=1), axis=1)
    return _signed(sample, rejected)


def equivalent(sample: Paired, margin: float) -> NDArray[np.bool_]:
    """Whether the 90 % interval lies within ±``margin``."""
    reach = np.abs(sample.difference) + sample.half_width(2 * ALPHA)
    return np.asarray((sample.s_d > 0) & (reach < margin))


class Walked(NamedTuple):
    """Benches under looks, each (repetitions,)."""

    verdict: Decisions
    seeds: NDArray[np.int64]
    difference: Array
    half_width: Array
    futile: NDArray[np.bool_]

    def where(self, stands: NDArray[np.bool_], other: Walked) -> Walked:
        """The benches that stand, and of the others those of ``other``."""
        return Walked(
            np.where(stands, self.verdict, other.verdict),
            np.where(stands, self.seeds, other.seeds),
            np.where(stands, self.difference, other.difference),
            np.where(stands, self.half_width, other.half_width),
            np.where(stands, self.futile, other.futile),
        )


def walked(runs: Runs, futility: float = FUTILITY) -> Walked:
    """Where each bench of five seeds stops, and with what: runs (repetitions, I, 5).

    ``futility`` 1: nobody heeds it.
    """
    ours, theirs = runs
    n = len(ours)
    end = Walked(*(np.zeros(n, dtype) for dtype in (np.int8, np.int64, float, float, bool)))
    going = np.ones(n, dtype=bool)
    for look in LOOKS:
        sample = paired((ours[:, :, : look.seeds], theirs[:, :, : look.seeds]))
        found = verdicts(sample, look.alpha)
        last = look == LOOKS[-1]
        # p is above 1/2 exactly where the 50 % interval holds 0.
        futile = (np.abs(sample.difference) < sample.half_width(futility)) & (not last)
        stops = going & ((found != 0) | futile | last)
        seeds = np.full(n, look.seeds)
        seen = Walked(found, seeds, sample.difference, sample.half_width(look.alpha), futile)
        end = end.where(~stops, seen)
        going &= ~stops
    return end


def pooled(runs: Runs) -> dict[str, Decisions]:
    """What tests that take all runs for independent decide: a t-test of pairs, the paper's chain.

    The chain is Kruskal–Wallis, then Games–Howell, which for two methods is Welch's t-test.
    """
    ours, theirs = (one.reshape(len(one), -1) for one in runs)
    sign = np.sign(ours.mean(axis=1) - theirs.mean(axis=1)).astype(np.int8)
    of_pairs = stats.ttest_rel(ours, theirs, axis=1).pvalue < ALPHA
    games_howell = stats.ttest_ind(ours, theirs, axis=1, equal_var=False).pvalue < ALPHA
    kruskal_wallis = _kruskal_wallis(ours, theirs) < ALPHA
    return {
        OF_PAIRS: sign * of_pairs,
        GAMES_HOWELL: sign * games_howell,
        CHAIN: sign * (kruskal_wallis & games_howell),
    }


OF_PAIRS = "pooled *t*-test of pairs"
GAMES_HOWELL = "Games–Howell"
CHAIN = "Kruskal–Wallis, then Games–Howell"


def _kruskal_wallis(ours: Array, theirs: Array) -> Array:
    """p for two groups without ties, each (repetitions, n)."""
    n = ours.shape[1]
    ranks = np.concatenate([ours, theirs], axis=1).argsort(axis=1).argsort(axis=1) + 1.0
    sums = np.stack([ranks[:, :n].sum(axis=1), ranks[:, n:].sum(axis=1)])
    h = 12 / (2 * n * (2 * n + 1)) * (sums**2 / n).sum(axis=0) - 3 * (2 * n + 1)
    return np.asarray(stats.chi2.sf(h, 1))


def _signed(sample: Paired, significant: NDArray[np.bool_]) -> Decisions:
    return np.where(significant, np.sign(sample.difference), 0).astype(np.int8)

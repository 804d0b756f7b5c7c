"""Label saving: how many labels the reference needs for what a method reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alharness.statistics.differences import FEWEST_INITIAL_SETS, aligned, set_means
from alharness.statistics.endpoint import label_counts
from alharness.statistics.intervals import ROUNDING
from alharness.statistics.isotonic import isotonic
from alharness.statistics.paired import ALPHA

Bound = Literal["exact", "at-least", "at-most"]


@dataclass(frozen=True)
class Saving:
    """What a method saves at one budget.

    labels: of the method at this budget.
    equivalent_labels: how many labels the reference needs for the method's accuracy there. Never
        beyond the reference's budgets: where that accuracy is above its highest, its last budget,
        and where it is below its lowest, its first. None where there is nothing to compare.
    saving: 1 − labels / equivalent_labels, a share: 0.25 says that a quarter of the labels is
        saved; negative when the method needs more. None where ``equivalent_labels`` is.
    bound: ``at-least`` or ``at-most`` where the accuracy is above or below all of the
        reference's: both numbers are then bounds of the true ones; else ``exact``.
    """

    labels: int
    equivalent_labels: float | None
    saving: float | None
    bound: Bound


@dataclass(frozen=True)
class SavingInterval:
    """Both ends of an interval of a saving; each says whether it is a bound itself."""

    low: Saving
    high: Saving


def label_saving(method: ArrayLike, reference: ArrayLike, labels: ArrayLike) -> tuple[Saving, ...]:
    """The label saving of a method at each budget, from the mean curves.

    ``method`` and ``reference``: (I, J, C), accuracies at all C budgets, cycle 0 included, aligned,
    NaN where missing. ``labels``: (C,), positive and strictly increasing. Returns C savings.

    The reference's curve: its mean accuracies (of the initial sets' means, as ``curve`` has them)
    made nondecreasing by isotonic regression, weighted by their number of runs, and linear in
    log(labels) between budgets. The saving is read where the curve first reaches the method's mean
    accuracy. At each budget of the method only runs count, of both, that the method has there and
    the reference has anywhere.

    Raises ValueError for other labels, when the shapes do not agree, or for infinite values.
    """
    curves = _Curves.of(method, reference, labels)
    once = np.ones((1, len(curves.method)))
    equivalents = curves.equivalent_labels(once)[0]
    return tuple(map(curves.saving, range(len(equivalents)), equivalents))


def saving_intervals(
    method: ArrayLike,
    reference: ArrayLike,
    labels: ArrayLike,
    rng: np.random.Generator,
    repetitions: int = 2_000,
    alpha: float = ALPHA,
) -> tuple[SavingInterval | None, ...]:
    """Intervals of the label savings at level 1 − ``alpha``: percentiles of a bootstrap.

    The first three as in ``label_saving``. Each of the ``repetitions`` (>= 1) draws I initial
    sets with replacement, the same for both curves and all budgets; ``rng`` decides. A repetition
    whose saving is a bound counts as that bound, beyond all exact ones, and an end that falls on
    one says so. One that has no run at some budget is left out. The ends are savings of
    repetitions, none is interpolated. With few initial sets percentiles are too narrow. Returns
    C intervals; None at a budget with fewer than three initial sets that count.

    Raises ValueError as ``label_saving`` does, and for ``repetitions`` or ``alpha`` outside
    their ranges.
    """
    if repetitions < 1 or not 0 < alpha < 1:
        raise ValueError("needs repetitions >= 1 and alpha in (0, 1)")
    curves = _Curves.of(method, reference, labels)
    n = len(curves.method)
    if n < FEWEST_INITIAL_SETS:
        return (None,) * len(curves.labels)
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=repetitions).astype(np.float64)
    equivalents = curves.equivalent_labels(drawn)
    return tuple(curves.interval(c, column, alpha) for c, column in enumerate(equivalents.T))


@dataclass(frozen=True)
class _Curves:
    """A method's and the reference's accuracies, (I, J, C), and the labels, (C,).

    Initial sets without a run that counts are left out.
    """

    method: NDArray[np.float64]
    reference: NDArray[np.float64]
    labels: NDArray[np.float64]

    @classmethod
    def of(cls, method: ArrayLike, reference: ArrayLike, labels: ArrayLike) -> _Curves:
        ours, theirs = aligned(method, reference, ndim=3)
        counts = label_counts(labels)
        if ours.shape[-1] != len(counts):
            raise ValueError(f"accuracies {ours.shape} do not end in {len(counts)} budgets")
        ours = np.where(np.isnan(theirs).all(axis=-1, keepdims=True), np.nan, ours)
        present = ~np.isnan(ours).all(axis=(1, 2))
        return cls(ours[present], theirs[present], counts)

    def equivalent_labels(self, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of each repetition at each budget, (R, C); −∞ and ∞ where the accuracy is out of reach.

        ``drawn``: (R, I), how often a repetition has each initial set. NaN where it has no run.
        """
        counted = ~np.isnan(self.method)
        # Budgets at which the same runs count share a curve: all of them, when none is missing.
        keys = [counted[..., c].tobytes() for c in range(len(self.labels))]
        places = {key: c for c, key in enumerate(keys)}
        fits = {key: self._fit(counted[..., c], drawn) for key, c in places.items()}
        levels = _weighted_means(drawn, set_means(np.moveaxis(self.method, -1, 0)))
        return np.stack(
            [_first_reaching(*fits[key], levels[:, c]) for c, key in enumerate(keys)], axis=-1
        )

    def _fit(
        self, counted: NDArray[np.bool_], drawn: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The reference's fitted curves, (R, C'), and its labels, (C',), of the runs that count."""
        reached = self._reached(counted)
        theirs = np.where(counted[..., np.newaxis], self.reference, np.nan)[..., reached]
        theirs = np.moveaxis(theirs, -1, 0)
        n_runs = (~np.isnan(theirs)).sum(axis=-1).astype(np.float64)
        means = _weighted_means(drawn, set_means(theirs))
        return isotonic(means, _sums(drawn, n_runs)), self.labels[reached]

    def _reached(self, counted: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The budgets that the reference has in any of the runs that count, (C,)."""
        return np.asarray((~np.isnan(self.reference[counted])).any(axis=0))

    def saving(self, c: int, equivalent: float) -> Saving:
        labels = int(self.labels[c])
        if np.isnan(equivalent):
            return Saving(labels, None, None, "exact")
        reached = self.labels[self._reached(~np.isnan(self.method[..., c]))]
        within = float(np.clip(equivalent, reached[0], reached[-1]))
        bound: Bound = "exact"
        if np.isinf(equivalent):
            bound = "at-least" if equivalent > 0 else "at-most"
        return Saving(labels, within, 1 - labels / within, bound)

    def interval(
        self, c: int, equivalents: NDArray[np.float64], alpha: float
    ) -> SavingInterval | None:
        n_initial_sets = np.count_nonzero((~np.isnan(self.method[..., c])).any(axis=1))
        present = equivalents[~np.isnan(equivalents)]
        if n_initial_sets < FEWEST_INITIAL_SETS or len(present) == 0:
            return None
        ends = np.quantile(present, [alpha / 2, 1 - alpha / 2], method="inverted_cdf")
        return SavingInterval(*(self.saving(c, float(end)) for end in ends))


def _sums(drawn: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(R, I) and (C, I) → (R, C). One after the other, so that no machine adds differently."""
    return np.asarray((drawn.T[:, :, np.newaxis] * values.T[:, np.newaxis]).sum(axis=0))


def _weighted_means(drawn: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean over the drawn initial sets that have one: (R, I) and (C, I) → (R, C)."""
    present = ~np.isnan(means)
    with np.errstate(invalid="ignore"):
        return _sums(drawn, np.where(present, means, 0.0)) / _sums(drawn, present * 1.0)


def _first_reaching(
    fitted: NDArray[np.float64], labels: NDArray[np.float64], level: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where nondecreasing curves first reach a level: (R, C), (C,) and (R,) → (R,), in labels."""
    if len(labels) == 0:
        return np.full(len(level), np.nan)
    rows, last = np.arange(len(fitted)), fitted.shape[1] - 1
    rounding = ROUNDING * np.abs(fitted).max(axis=1)
    after = (fitted < (level - rounding)[:, np.newaxis]).sum(axis=1)
    right = np.minimum(after, last)
    left = np.maximum(right - 1, 0)
    rise = fitted[rows, right] - fitted[rows, left]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.clip((level - fitted[rows, left]) / np.where(rise > 0, rise, np.inf), 0.0, 1.0)
    between = labels[left] * (labels[right] / labels[left]) ** part
    at = np.where((after == 0) | (part == 1), labels[right], between)
    at = np.where(after > last, np.inf, at)
    at = np.where(level < fitted[:, 0] - rounding, -np.inf, at)
    return np.where(np.isnan(level) | np.isnan(fitted).any(axis=1), np.nan, at)

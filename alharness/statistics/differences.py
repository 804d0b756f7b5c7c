"""Paired differences: one for each initial set, of one comparison or of many at once.

Which runs count is decided here and nowhere else (design, section 8.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alharness.statistics.intervals import ROUNDING

FEWEST_INITIAL_SETS = 3


@dataclass(frozen=True)
class Differences:
    """What comparisons are made of. Every array has the shape (...) of the comparisons.

    n_initial_sets: int64; I, initial sets with at least one pair.
    n_pairs: int64; (initial set, seed) present in both.
    mean: float64; D, the mean over initial sets of d_i; NaN without any pair.
    deviation: float64; s_d, the sample standard deviation of d_i; exactly 0 when they differ by
        rounding only, see ``intervals.ROUNDING``; NaN below three initial sets.
    """

    n_initial_sets: NDArray[np.int64]
    n_pairs: NDArray[np.int64]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    def p_values(self) -> NDArray[np.float64]:
        """Two-sided p of the one-sample t-tests of d_i, (...); NaN where there is none to make."""
        from scipy import stats

        testable = self.deviation > 0
        n = np.where(testable, self.n_initial_sets, FEWEST_INITIAL_SETS)
        deviation = np.where(testable, self.deviation, 1.0)
        t = np.where(testable, self.mean, 0.0) / (deviation / np.sqrt(n))
        p = 2 * stats.t.sf(np.abs(t), n - 1)
        return np.asarray(np.where(testable, p, np.nan), dtype=np.float64)


def differences(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> Differences:
    """The differences ours − theirs, in their unit.

    ``ours`` and ``theirs``: (..., I, J), float64, aligned, NaN where a run is missing; their
    leading axes, one comparison for each entry, may be broadcast. A seed missing in one is dropped
    from both; d_i is the mean over the seeds left, and i counts while one is left.
    """
    pairs = ours - theirs
    present = ~np.isnan(pairs)
    d = set_means(pairs)
    counts = ~np.isnan(d)
    n = counts.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(counts, d, 0.0).sum(axis=-1) / n
        residuals = np.where(counts, d - mean[..., np.newaxis], 0.0)
        deviation = np.sqrt(np.square(residuals).sum(axis=-1) / (n - 1))
    magnitude = np.where(present, np.maximum(np.abs(ours), np.abs(theirs)), 0.0)
    scale = magnitude.max(axis=(-2, -1), initial=0.0)
    deviation = np.where(deviation <= ROUNDING * scale, 0.0, deviation)
    return Differences(
        n_initial_sets=n,
        n_pairs=present.sum(axis=(-2, -1)),
        mean=mean,
        deviation=np.where(n >= FEWEST_INITIAL_SETS, deviation, np.nan),
    )


def set_means(runs: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each initial set over its seeds: (..., I, J) → (..., I), NaN without any run."""
    present = ~np.isnan(runs)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(present, runs, 0.0).sum(axis=-1) / present.sum(axis=-1))


def aligned(*methods: ArrayLike, ndim: int) -> tuple[NDArray[np.float64], ...]:
    """The same runs of several methods as float64 arrays, (I, J, …) with ``ndim`` axes.

    Raises ValueError when the shapes differ or have another number of axes, or for infinite values.
    """
    arrays = tuple(np.asarray(one, dtype=np.float64) for one in methods)
    if any(one.ndim != ndim or one.shape != arrays[0].shape for one in arrays):
        shapes = " and ".join(str(shape) for shape in dict.fromkeys(one.shape for one in arrays))
        raise ValueError(f"shapes {shapes}: expected equal, {ndim} axes")
    if any(np.isinf(one).any() for one in arrays):
        raise ValueError("infinite accuracies")
    return arrays

"""The share of the gap between the reference and an upper bound that a method closes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alharness.statistics.differences import aligned, set_means
from alharness.statistics.intervals import Interval, standard_deviation
from alharness.statistics.paired import ALPHA, Verdict, verdict


@dataclass(frozen=True)
class GapShare:
    """How much of what could be gained over the reference a method gains.

    share: mean of (method − reference) over mean of (upper − reference): 0 for the reference, 1
        for the upper bound; below 0 and above 1 are possible. None unless the upper bound is
        *better* than the reference by its own paired comparison: there is no gap to share then.
    interval: of the share at 95 %, Fieller's; None where ``share`` is, and when the method's gain
        is the same share of the gap in every initial set.
    """

    share: float | None
    interval: Interval | None


def gap_share(method: ArrayLike, reference: ArrayLike, upper: ArrayLike) -> GapShare:
    """The share of the gap, a ratio of means of differences.

    All three: (I, J) endpoints, aligned, NaN where a run is missing. A run missing in one is
    dropped from all three; differences are means over the seeds left, one for each initial set.

    The interval holds all ratios ρ for which the mean of (method − reference) − ρ·(upper −
    reference) is not significantly different from 0 (Fieller, 1954). It is a bounded interval
    exactly when the gap is significantly different from 0, so there is one wherever there is a
    share. An interval of the ratio's mean by its deviation would ignore that the gap is an
    estimate too.

    Raises ValueError as ``compare`` does.
    """
    ours, theirs, top = aligned(method, reference, upper, ndim=2)
    missing = np.isnan(ours + theirs + top)
    ours, theirs, top = (np.where(missing, np.nan, one) for one in (ours, theirs, top))
    if verdict(top, theirs) is not Verdict.BETTER:
        return GapShare(None, None)
    gained, gap = set_means(ours - theirs), set_means(top - theirs)
    gained, gap = gained[~np.isnan(gap)], gap[~np.isnan(gap)]
    share = float(gained.mean() / gap.mean())
    scale = float(np.nanmax(np.abs([ours, theirs, top]))) * max(1.0, abs(share))
    if standard_deviation(gained - share * gap, scale) == 0:
        return GapShare(share, None)
    return GapShare(share, _fieller(gained, gap))


def _fieller(numerators: NDArray[np.float64], denominators: NDArray[np.float64]) -> Interval:
    """All ρ with (x̄ − ρ·ȳ)² <= t²·(s²_x − 2·ρ·s_xy + ρ²·s²_y)/n; ȳ significantly above 0."""
    from scipy import stats

    n = len(numerators)
    x, y = float(numerators.mean()), float(denominators.mean())
    dx, dy = numerators - x, denominators - y
    factor = stats.t.isf(ALPHA / 2, n - 1) ** 2 / (n * (n - 1))
    a = y**2 - factor * np.square(dy).sum()
    b = x * y - factor * (dx * dy).sum()
    c = x**2 - factor * np.square(dx).sum()
    root = np.sqrt(max(b**2 - a * c, 0.0))
    return Interval(float((b - root) / a), float((b + root) / a))

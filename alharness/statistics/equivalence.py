"""Equivalence: no difference larger than a margin is a result too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from alharness.statistics.differences import aligned, differences
from alharness.statistics.intervals import Interval, mean_interval
from alharness.statistics.paired import ALPHA


@dataclass(frozen=True)
class Equivalence:
    """Whether a method differs from the reference by less than a margin, in accuracy units.

    margin: the largest difference that does not matter, > 0, declared beforehand.
    alpha: the probability of saying *equivalent* of a true difference of the margin or more is
        at most this.
    interval: Student's interval of D at level 1 − 2·alpha, 90 %; None where there is none.
    equivalent: whether ``interval`` lies strictly within (−margin, margin). False says that a
        larger difference is not excluded, not that there is one. None where ``interval`` is.
    """

    margin: float
    alpha: float
    interval: Interval | None
    equivalent: bool | None


def equivalence(method: ArrayLike, reference: ArrayLike, margin: float) -> Equivalence:
    """Two one-sided t-tests (Schuirmann, 1987) of the paired differences, at 0.05 each.

    ``method`` and ``reference``: (I, J) endpoints, as ``compare`` takes them, with its rules for
    missing runs. ``margin``: in their unit, finite and > 0. Both tests reject exactly when the
    90 % interval of D lies within the margin. There is none with fewer than three initial sets or
    when the differences do not vary. This and the verdict are two answers to two questions:
    *better* and *no difference larger than the margin* can both hold.

    Raises ValueError for another margin, and as ``compare`` does.
    """
    if not (np.isfinite(margin) and margin > 0):
        raise ValueError(f"margin is {margin}, expected a finite number above 0")
    sample = differences(*aligned(method, reference, ndim=2))
    if not sample.deviation > 0:
        return Equivalence(float(margin), ALPHA, None, None)
    mean, deviation = float(sample.mean), float(sample.deviation)
    interval = mean_interval(mean, deviation, int(sample.n_initial_sets), 2 * ALPHA)
    within = bool(-margin < interval.low and interval.high < margin)
    return Equivalence(float(margin), ALPHA, interval, within)

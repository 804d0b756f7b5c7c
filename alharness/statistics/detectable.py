"""What a protocol could have found: the minimum detectable effect."""

from __future__ import annotations

from functools import cache

import numpy as np


def minimum_detectable_effect(
    n_initial_sets: int, deviation: float, alpha: float = 0.05, power: float = 0.8
) -> float:
    """The smallest true difference that a two-sided one-sample t-test finds with ``power``.

    ``n_initial_sets``: I >= 2, the independent values. ``deviation``: their standard deviation,
    > 0, in the unit of the accuracies, which is also the unit of the result. ``alpha``: in
    (0, 1); ``power``: in (alpha, 1). A difference smaller than this is missed more often than
    1 − ``power``: the protocol is silent about it, whatever the verdict.

    Under a true difference δ the statistic follows Student's noncentral t with I − 1 degrees of
    freedom and noncentrality δ·√I / deviation. Raises ValueError outside the ranges above.
    Design, section 8.2.
    """
    if n_initial_sets < 2 or not (deviation > 0 and 0 < alpha < power < 1):
        raise ValueError("needs I >= 2, deviation > 0 and 0 < alpha < power < 1")
    noncentrality = _noncentrality(n_initial_sets - 1, alpha, power)
    return float(noncentrality * deviation / np.sqrt(n_initial_sets))


@cache
def _noncentrality(df: int, alpha: float, power: float) -> float:
    from scipy import optimize, stats

    critical = float(stats.t.isf(alpha / 2, df))

    def shortfall(noncentrality: float) -> float:
        right = float(stats.nct.sf(critical, df, noncentrality))
        wrong_side = float(stats.nct.cdf(-critical, df, noncentrality))
        # SciPy returns NaN for this tail where it is lost to rounding.
        return right + float(np.nan_to_num(wrong_side)) - power

    high = critical + 1.0
    while shortfall(high) < 0:
        high *= 2
    return float(optimize.brentq(shortfall, 0.0, high))

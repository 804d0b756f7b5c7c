"""Isotonic regression of many curves at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def isotonic(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nondecreasing curves closest to given ones, in weighted least squares.

    ``values`` and ``weights``: (..., C), float64, weights > 0. Returns (..., C). At each point the
    max–min formula: the highest, over starts up to it, of the lowest mean of a stretch that
    holds it (Robertson, Wright and Dykstra, Order Restricted Statistical Inference, 1988, section
    1.4). It takes C² numbers a curve; libraries have one curve a call, a bootstrap thousands.
    """
    n = values.shape[-1]
    sums = np.cumsum(values * weights, axis=-1)
    totals = np.cumsum(weights, axis=-1)
    before = (sums - values * weights)[..., :, np.newaxis]
    total_before = (totals - weights)[..., :, np.newaxis]
    start, end = np.indices((n, n))
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (sums[..., np.newaxis, :] - before) / (totals[..., np.newaxis, :] - total_before)
    means = np.where(start <= end, means, np.inf)
    lowest = np.flip(np.minimum.accumulate(np.flip(means, -1), axis=-1), -1)
    return np.asarray(np.where(start <= end, lowest, -np.inf).max(axis=-2, initial=-np.inf))

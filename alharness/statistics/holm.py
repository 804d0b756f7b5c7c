"""Holm's step-down procedure: several questions, one error rate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Holm(NamedTuple):
    """What Holm's procedure decides about families of m hypotheses; each array is (..., m).

    rejected: bool.
    adjusted: float64 in [0, 1]; adjusted p-values, ``rejected`` is ``adjusted < alpha``.
    levels: float64 in (0, alpha]; the significance level that each hypothesis met. The k-th
        smallest p-value (k = 0, 1, …) met alpha / (m − k) while the procedure went on. All that
        come from where it stopped, after r rejections, met the level that stopped it,
        alpha / (m − r): each of their p-values is at least that. So ``rejected`` is
        ``p < level`` for every hypothesis, and an interval at level 1 − ``levels`` excludes 0
        exactly where its hypothesis is rejected.
    """

    rejected: NDArray[np.bool_]
    adjusted: NDArray[np.float64]
    levels: NDArray[np.float64]


def holm(p_values: ArrayLike, alpha: float) -> Holm:
    """Holm (1979): reject in order of p while the k-th smallest, from 0, is below alpha / (m − k).

    ``p_values``: (..., m), in [0, 1], no NaN; each row of the last axis is a family of its own;
    m may be 0. Equal p-values are taken in their order. The comparison is strict, as an interval
    that ends at 0 does not exclude it. Raises ValueError for a single number or values outside
    [0, 1].
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim == 0 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError("p-values must have shape (..., m) and lie in [0, 1]")
    m = p.shape[-1]
    order = np.argsort(p, axis=-1, kind="stable")
    place = np.argsort(order, axis=-1, kind="stable")
    steps = np.take_along_axis(p, order, axis=-1) * (m - np.arange(m))
    n_rejected = np.logical_and.accumulate(steps < alpha, axis=-1).sum(axis=-1, keepdims=True)
    adjusted = np.minimum(np.maximum.accumulate(steps, axis=-1), 1.0)
    return Holm(
        rejected=place < n_rejected,
        adjusted=np.take_along_axis(adjusted, place, axis=-1),
        levels=alpha / (m - np.minimum(place, n_rejected)),
    )

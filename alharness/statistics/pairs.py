"""All pairs within a named set of methods, compared at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alharness.statistics.differences import Differences, aligned, differences


def pair_differences(methods: Mapping[str, ArrayLike], ndim: int) -> Differences:
    """The paired differences of all M·(M − 1)/2 pairs, in the order of ``numpy.triu_indices``.

    ``methods``: name to (I, J) for ``ndim`` 2, or (I, J, B) for 3, aligned, NaN where a run is
    missing. Of the pair (a, b), a before b, the differences are a − b. Arrays of the result are
    (pairs,) or (pairs, B). Memory is that of one method against all others, not of all pairs.

    Raises ValueError as ``compare`` does.
    """
    arrays = aligned(*methods.values(), ndim=ndim)
    if len(arrays) < 2:
        nothing = np.empty((0, *(arrays[0].shape[2:] if arrays else (0,) * (ndim - 2)), 0, 0))
        return differences(nothing, nothing)
    # Runs last, so that budgets are leading axes: each is a comparison.
    runs = np.moveaxis(np.stack(arrays), (1, 2), (-2, -1))
    rows = [differences(runs[a : a + 1], runs[a + 1 :]) for a in range(len(runs) - 1)]
    return Differences(
        n_initial_sets=np.concatenate([row.n_initial_sets for row in rows]),
        n_pairs=np.concatenate([row.n_pairs for row in rows]),
        mean=np.concatenate([row.mean for row in rows]),
        deviation=np.concatenate([row.deviation for row in rows]),
    )


def both_ways(
    m: int, of_pairs: NDArray[np.float64], reverse: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A matrix (m, m) of numbers of the pairs of m methods; its diagonal is NaN.

    ``of_pairs``: (m·(m − 1)/2,), of the pairs (a, b) in the order of ``numpy.triu_indices``, at
    row a, column b. ``reverse``: likewise, of the pairs (b, a).
    """
    matrix = np.full((m, m), np.nan)
    rows, columns = np.triu_indices(m, 1)
    matrix[rows, columns], matrix[columns, rows] = of_pairs, reverse
    return matrix

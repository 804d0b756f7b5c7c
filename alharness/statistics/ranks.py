"""Ranks with ties: who is better than whom, all pairs within a named set of methods counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alharness.statistics.differences import FEWEST_INITIAL_SETS
from alharness.statistics.holm import holm
from alharness.statistics.paired import ALPHA
from alharness.statistics.pairs import both_ways, pair_differences


@dataclass(frozen=True)
class Rank:
    """The place of one method within a set.

    rank: 1 + the number of methods that are better; ties share a rank. None for a method that
        shares at least three initial sets with no other.
    better: names of the methods that are significantly better than this one, in the set's order.
    worse: names of those that are significantly worse.
    """

    rank: int | None
    better: tuple[str, ...]
    worse: tuple[str, ...]


@dataclass(frozen=True)
class Ranking:
    """The ranks of a named set of M methods.

    ranks: by name, in the order given.
    p_values: (M, M), float64, symmetric: of each pair, adjusted by Holm over all pairs; NaN on the
        diagonal and for a pair without a p-value.
    n_pairs: M·(M − 1)/2, how many Holm counted.
    """

    ranks: Mapping[str, Rank]
    p_values: NDArray[np.float64]
    n_pairs: int


def ranks(endpoints: Mapping[str, ArrayLike]) -> Ranking:
    """Ranks by paired comparisons of all pairs, with Holm's correction over them at 0.05.

    ``endpoints``: name to (I, J), one endpoint per run, aligned, NaN where a run is missing. Each
    pair is compared as ``compare`` does it. One that cannot be tested counts with p = 1, so that
    the number of hypotheses does not hang on which runs are missing.

    A rank holds within this set of methods: with another method in it, more pairs are counted and
    a rank may change. Verdicts and marks do not, see ``compare``. A method that is tied with the
    first is not shown to equal it, only not shown to be worse.

    Raises ValueError as ``compare`` does. Design, section 8.4.
    """
    names, m = tuple(endpoints), len(endpoints)
    sample = pair_differences(endpoints, ndim=2)
    p_values = sample.p_values()
    adjusted = holm(np.nan_to_num(p_values, nan=1.0), ALPHA)
    ahead = np.where(adjusted.rejected, np.sign(sample.mean), 0.0)
    beats = both_ways(m, ahead, -ahead) > 0
    shared = np.where(sample.n_initial_sets >= FEWEST_INITIAL_SETS, 1.0, 0.0)
    testable = np.nanmax(both_ways(m, shared, shared), axis=1, initial=0.0) > 0
    shown = np.where(np.isnan(p_values), np.nan, adjusted.adjusted)

    def named(which: NDArray[np.bool_]) -> tuple[str, ...]:
        return tuple(names[k] for k in np.flatnonzero(which))

    return Ranking(
        ranks={
            name: Rank(
                rank=1 + int(beats[:, k].sum()) if testable[k] else None,
                better=named(beats[:, k]),
                worse=named(beats[k]),
            )
            for k, name in enumerate(names)
        },
        p_values=both_ways(m, shown, shown),
        n_pairs=len(p_values),
    )

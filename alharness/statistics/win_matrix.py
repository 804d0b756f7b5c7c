"""The win matrix: at which share of budgets each method is better than each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alharness.statistics.holm import holm
from alharness.statistics.paired import ALPHA
from alharness.statistics.pairs import both_ways, pair_differences


@dataclass(frozen=True)
class WinMatrix:
    """Wins among M methods.

    names: of the methods, in the order given: rows and columns.
    wins: (M, M), float64 in [0, 1]; at row a, column b the share of budgets at which a is better
        than b. NaN on the diagonal and for a pair that can be tested at no budget. With its mirror
        image an entry adds up to at most 1; the rest are budgets that are undetermined.
    """

    names: tuple[str, ...]
    wins: NDArray[np.float64]

    @property
    def won(self) -> NDArray[np.float64]:
        """(M,): how often each method is better than the others, the mean of its row.

        NaN for a method that can be tested against no other.
        """
        return _mean_present(self.wins)

    @property
    def lost(self) -> NDArray[np.float64]:
        """(M,): how often the others are better, the mean of its column; NaN as in ``won``."""
        return _mean_present(self.wins.T)


def win_matrix(accuracies: Mapping[str, ArrayLike]) -> WinMatrix:
    """Who wins at how many budgets, by paired comparisons with Holm over each pair's budgets.

    ``accuracies``: name to (I, J, B), over the B budgets after cycle 0, aligned, NaN where a run
    is missing. At a budget a method is better when its mark against the other would say so
    (``marks``): at 0.05 for all B budgets of the pair together. A budget that cannot be tested is
    no win, and stays in the family.

    After the pairwise penalty matrix of Ash et al., Deep Batch Active Learning by Diverse,
    Uncertain Gradient Lower Bounds (ICLR 2020), section 4, which counts paired t-tests over
    repeats of an experiment and adds up the shares of budgets over data sets, batch sizes and
    architectures. Here the t-test is over initial sets, as seeds within one are no independent
    repeats; several budgets are no further chances (Holm); and a matrix is of one scenario. An
    entry depends on its two methods alone.

    Raises ValueError as ``compare`` does.
    """
    sample = pair_differences(accuracies, ndim=3)
    p_values = sample.p_values()
    testable = ~np.isnan(p_values)
    rejected = holm(np.where(testable, p_values, 1.0), ALPHA).rejected

    def share(wins: NDArray[np.bool_]) -> NDArray[np.float64]:
        n_budgets = max(wins.shape[-1], 1)
        return np.where(testable.any(axis=-1), wins.sum(axis=-1) / n_budgets, np.nan)

    won, lost = share(rejected & (sample.mean > 0)), share(rejected & (sample.mean < 0))
    return WinMatrix(tuple(accuracies), both_ways(len(accuracies), won, lost))


def _mean_present(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    present = ~np.isnan(rows)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(present, rows, 0.0).sum(axis=1) / present.sum(axis=1))

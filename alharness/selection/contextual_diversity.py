"""Contextual diversity: greedy k-center with the symmetric divergence of class probabilities.

Agarwal, Arora, Anand and Arora, "Contextual Diversity for Active Learning" (ECCV 2020), section
3.2: CDAL-CS, the farthest-first traversal of Gonzalez (1985) under pairwise contextual diversity.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.selection.k_center import check_rows
from alharness.selection.streaming import entropy

LEAST = 1e-8
"""Probabilities below this count as this, so that divergences are finite."""
_ELEMENTS = 1 << 17
"""Elements of one float64 temporary."""


def greedy_contextual_diversity(
    unlabeled: torch.Tensor, labeled: torch.Tensor, budget: int
) -> NDArray[np.int64]:
    """Positions in ``unlabeled`` whose probabilities are far from each other and from labeled.

    ``budget`` times, the row whose smallest divergence to a center is largest is picked and becomes
    a center; the first centers are the rows of ``labeled``. The divergence of p and q is
    ½ KL(p|q) + ½ KL(q|p), in nats. Equal ones go to the lowest position; without centers that is
    the first pick. No row comes twice.

    ``unlabeled`` is (n, C), ``labeled`` (m, C) with m ≥ 0, float32 probabilities. Memory is linear
    in the number of rows, time that of n x (m + budget) divergences. Returns distinct positions in
    the order of picking, (budget,), int64. Raises HarnessError for other inputs and unless
    ``1 <= budget <= n``.
    """
    check_rows(unlabeled, labeled, budget, "contextual diversity")
    rows, centers = _Mixtures(unlabeled.detach()), _Mixtures(labeled.detach())
    nearest = np.full(len(unlabeled), np.inf)
    step = max(1, _ELEMENTS // len(unlabeled))
    for start in range(0, len(labeled), step):
        some = slice(start, start + step)
        np.minimum(nearest, rows.divergences(centers, some).min(axis=1), out=nearest)
    picks = np.empty(budget, dtype=np.int64)
    for number in range(budget):
        pick = picks[number] = int(nearest.argmax())
        one = slice(pick, pick + 1)
        np.minimum(nearest, rows.divergences(rows, one)[:, 0], out=nearest)
        nearest[pick] = -np.inf
    return picks


class _Mixtures:
    """Rows of class probabilities and their logarithms, of which divergences are two products.

    2 J(p, q) = - H(p) - H(q) - p·log q - q·log p.
    """

    def __init__(self, probabilities: torch.Tensor) -> None:
        self._p = probabilities.double().clamp_(min=LEAST)
        self._logarithms = self._p.log()
        self._entropies = entropy(self._p) if len(self._p) else self._p.new_zeros(0)

    def divergences(self, others: _Mixtures, some: slice) -> NDArray[np.float64]:
        """J of all rows and some of the others, (n, k)."""
        twice = self._p @ others._logarithms[some].T
        twice += self._logarithms @ others._p[some].T
        twice += self._entropies[:, None] + others._entropies[some]
        answer: NDArray[np.float64] = (twice / -2).cpu().numpy()
        return answer

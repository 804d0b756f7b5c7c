"""Herding: picks that cover the pool, greedily, without the matrix of all pairs.

Bae, Noh and Sutherland, "Generalized Coverage for More Robust Low-Budget Active Learning" (ECCV
2024), MaxHerding; with weights Bae, Oliveira and Sutherland, "Uncertainty Herding: One Active
Learning Method for All Label Budgets" (ICLR 2025). What is covered is the weighted mean of each
image's largest similarity to a center, with the similarity exp(-d² / σ²), d being the Euclidean
distance.

This mean is monotone and submodular in the set of centers, so that greedy can be lazy
(``alharness.selection.lazy``): all rows' gains are computed once, in blocks; after each pick only
those of the rows with the highest bounds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.api.errors import HarnessError
from alharness.selection.k_center import check_rows
from alharness.selection.lazy import lazy_greedy

_ROWS, _TARGETS = 256, 1024
"""Rows and covered images of one block of similarities: small enough for a processor's cache."""
_NARROW = 0.01
"""Below this share of the rows' squared norms, σ² is lost in float32's rounding of distances."""


def greedy_herding(
    unlabeled: torch.Tensor,
    labeled: torch.Tensor,
    budget: int,
    *,
    width: float = 1.0,
    weights: torch.Tensor | None = None,
) -> NDArray[np.int64]:
    """Positions in ``unlabeled`` that greedily cover it best, best first.

    ``budget`` times, the row i with the largest gain Σⱼ wⱼ max(Kᵢⱼ - mⱼ, 0) is picked and becomes
    a center: Kᵢⱼ = exp(-|xᵢ - xⱼ|² / width²), mⱼ is j's largest similarity to a center, 0 without
    centers; the first centers are the rows of ``labeled``. Sums are over the unlabeled rows: a
    labeled one is a center and adds nothing. Equal gains, as those of all rows once everything
    is covered, go to the lowest position. No row comes twice.

    ``unlabeled`` is (n, D), ``labeled`` (m, D) with m ≥ 0, float32, finite, on one device; both
    papers take rows of length one. ``width`` is σ, positive; ``weights`` are (n,), not negative,
    by default 1. Memory is linear in the number of rows; time is that of n² similarities and of
    some rows of n after each pick. Gains are rounded: of two that are equal up to rounding either
    may come first.

    Returns distinct positions, (budget,), int64. Raises HarnessError for other inputs and
    unless ``1 <= budget <= n``.
    """
    check_rows(unlabeled, labeled, budget, "herding")
    weights = torch.ones(len(unlabeled)) if weights is None else weights.detach()
    _check_weights(weights, len(unlabeled), width)
    cover = _Cover(unlabeled.detach(), labeled.detach(), width, weights.to(unlabeled.device))
    return lazy_greedy(cover, budget)[0]


class _Cover:
    """The unlabeled rows, and each one's largest similarity to a center."""

    def __init__(
        self, unlabeled: torch.Tensor, labeled: torch.Tensor, width: float, weights: torch.Tensor
    ) -> None:
        self.n = len(unlabeled)
        origin = unlabeled.mean(dim=0)
        rows, centers = unlabeled - origin, labeled - origin
        if width**2 < _NARROW * float(rows.square().sum(dim=1).amax()):
            rows, centers = unlabeled.double() - origin, labeled.double() - origin
        self._rows = rows / width
        self._norms = self._rows.square().sum(dim=1)
        self._weights = weights.to(rows)
        self._covered = rows.new_zeros(self.n)
        for start in range(0, len(centers), _ROWS):
            for targets, similar in self._similarities(centers[start : start + _ROWS] / width):
                torch.maximum(
                    self._covered[targets], similar.amax(dim=0), out=self._covered[targets]
                )

    def gains(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """What each of these rows would add as a center, (k,)."""
        gains = self._rows.new_zeros(len(rows), dtype=torch.float64)
        which = torch.from_numpy(rows).to(gains.device)
        for start in range(0, len(rows), _ROWS):
            part = slice(start, start + _ROWS)
            for targets, similar in self._similarities(self._rows[which[part]]):
                more = similar.sub_(self._covered[targets]).clamp_(min=0)
                gains[part] += more @ self._weights[targets]
        answer: NDArray[np.float64] = gains.cpu().numpy()
        return answer

    def add(self, row: int) -> None:
        """Make a row a center."""
        for targets, similar in self._similarities(self._rows[[row]]):
            torch.maximum(self._covered[targets], similar[0], out=self._covered[targets])
        self._covered[row] = 1.0

    def _similarities(self, some: torch.Tensor) -> Iterator[tuple[slice, torch.Tensor]]:
        """Similarities of some scaled rows to all unlabeled ones, in blocks of these."""
        norms = some.square().sum(dim=1, keepdim=True)
        for start in range(0, self.n, _TARGETS):
            targets = slice(start, start + _TARGETS)
            negated = torch.addmm(-self._norms[targets], some, self._rows[targets].T, alpha=2)
            yield targets, negated.sub_(norms).clamp_(max=0).exp_()


def _check_weights(weights: torch.Tensor, n: int, width: float) -> None:
    if not 0 < width < math.inf:
        raise HarnessError(
            f"width {width}", where="herding", remedy="Give a positive, finite number"
        )
    if weights.shape != (n,) or not all(0 <= float(end) < math.inf for end in weights.aminmax()):
        raise HarnessError(
            f"weights of shape {tuple(weights.shape)} for {n} rows, or some that are negative, "
            "infinite or NaN",
            where="herding",
            remedy="Give a number from 0 up for each unlabeled row",
        )

"""Exact distances between rows, and bounds of many of them by a matrix product."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

ELEMENTS = 1 << 17
"""Elements of one float64 temporary: small enough to stay in a processor's cache."""


def squared_distances(
    rows: NDArray[np.float64], others: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Squared Euclidean distances between rows of two arrays that broadcast to (n, D): (n,).

    Sums by folding the last axis in halves, one elementwise addition after another:
    unlike a library's sum, its rounding depends on D alone, not on the number of
    rows, the processor or the version.
    """
    terms = rows - others
    terms *= terms
    width = terms.shape[-1]
    while width > 1:
        half = (width + 1) // 2
        terms[..., : width - half] += terms[..., half:width]
        width = half
    return np.array(terms[..., 0])


class Points:
    """The rows of ``labeled`` followed by those of ``unlabeled``, and how far they are apart.

    ``squared`` is exact; ``upper`` and ``lower`` are bounds of it from products in low
    precision. For these, points are moved by their mean, which differences do not
    notice, and scaled by a power of two into [-1, 1], so that no square overflows. Bounds
    are in these units; ``on_host`` converts.

    Why they are bounds: let u be the rounding unit, Q = |x|² + |y|² and D the number
    of features. To first order, Q - 2⟨x, y⟩ is computed with an error of at most 2uQ
    from rounding x and y, 4uQ from rounding Q and bounds, 2(D + 4)uQ from a sum of
    D + 2 terms in any order (Higham, Accuracy and Stability of Numerical Algorithms,
    2002, section 3.1); the reference's own rounding is at most 2(log₂D + 3)uQ, and
    underflow takes less than D·2⁻¹¹⁸. The slack of x and that of y exceed the sum of
    these by more than the terms of higher order, since D·u < 0.01.
    """

    def __init__(self, labeled: torch.Tensor, unlabeled: torch.Tensor) -> None:
        self._labeled, self._unlabeled = labeled, unlabeled
        n_labeled, (n, width) = len(labeled), unlabeled.shape
        # Products in TF32 or bfloat16 have too few digits for bounds to be of use.
        plain = torch.get_float32_matmul_precision() == "highest"
        dtype = torch.float32 if plain and width <= 1 << 16 else torch.float64
        device = unlabeled.device
        ends = [end for rows in (labeled, unlabeled) if len(rows) for end in rows.aminmax()]
        largest = max(abs(float(end)) for end in ends)
        scale = 2.0 ** -(math.frexp(largest)[1] + 1)
        # Bounds hold with any origin and are tight with one near the mean.
        mean = unlabeled[:: -(-n // 1024)].double().mean(dim=0) * scale
        self._moved = torch.empty((n_labeled + n, width), dtype=dtype, device=device)
        norms = torch.empty(n_labeled + n, dtype=torch.float64, device=device)
        step = max(1, ELEMENTS // width)
        for first, rows in ((0, labeled), (n_labeled, unlabeled)):
            for start in range(0, len(rows), step):
                moved = rows[start : start + step].double().mul_(scale).sub_(mean)
                part = slice(first + start, first + start + len(moved))
                self._moved[part] = moved
                norms[part] = moved.square_().sum(dim=1)
        slack = norms * ((2.5 * width + 64) * torch.finfo(dtype).eps / 2) + width * 2.0**-118
        self._padded_norms = (norms + slack).to(dtype)
        self._slack = slack.to(dtype)
        self._unit = scale**-2

    def exact(self, points: NDArray[np.int64]) -> NDArray[np.float64]:
        """The features of points, (len(points), D)."""
        n_labeled = len(self._labeled)
        exact = np.empty((len(points), self._unlabeled.shape[1]))
        is_labeled = points < n_labeled
        exact[is_labeled] = _float64(_take(self._labeled, points[is_labeled]))
        exact[~is_labeled] = _float64(_take(self._unlabeled, points[~is_labeled] - n_labeled))
        return exact

    def squared(self, points: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float64]:
        """``squared_distances`` of points to others, pair by pair, (len(points),)."""
        step = max(1, ELEMENTS // self._unlabeled.shape[1])
        squared = np.empty(len(points))
        for start in range(0, len(points), step):
            some = slice(start, start + step)
            rows, columns = self.exact(points[some]), self.exact(others[some])
            squared[some] = squared_distances(rows, columns)
        return squared

    def upper(self, points: NDArray[np.int64], others: NDArray[np.int64]) -> torch.Tensor:
        """Upper bounds of the distances of points to others, (len(points), len(others))."""
        x, y = _take(self._moved, points), _take(self._moved, others)
        upper = torch.addmm(_take(self._padded_norms, others), x, y.T, alpha=-2)
        return upper.add_(_take(self._padded_norms, points)[:, None])

    def lower(self, points: NDArray[np.int64], others: NDArray[np.int64]) -> torch.Tensor:
        """Lower bounds of the distances of points to others, (len(points), len(others))."""
        lower = self.upper(points, others).sub_(_take(self._slack, others), alpha=2)
        return lower.sub_(_take(self._slack, points)[:, None], alpha=2)

    def on_host(self, bounds: torch.Tensor) -> NDArray[np.float64]:
        """Bounds in the units of the distances, float64."""
        converted: NDArray[np.float64] = _float64(bounds) * self._unit
        return converted


def _take(rows: torch.Tensor, index: NDArray[np.int64]) -> torch.Tensor:
    return rows.index_select(0, torch.from_numpy(index).to(rows.device))


def _float64(rows: torch.Tensor) -> NDArray[np.float64]:
    return rows.detach().cpu().numpy().astype(np.float64)

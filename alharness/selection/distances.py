"""Exact distances between rows, and bounds of many of them by a matrix product."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.selection.scale import ELEMENTS, Scale, parts


def squared_distances(
    rows: NDArray[np.floating], others: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Squared Euclidean distances between rows of two arrays that broadcast to (n, D): (n,).

    The arrays are float32 or float64, the work is done in float64. Sums by folding the last axis
    in halves, one elementwise addition after another: unlike a library's sum, its rounding
    depends on D alone, not on the number of rows, the processor or the version.
    """
    terms: NDArray[np.float64] = np.subtract(rows, others, dtype=np.float64)
    terms *= terms
    width = terms.shape[-1]
    while width > 1:
        half = (width + 1) // 2
        terms[..., : width - half] += terms[..., half:width]
        width = half
    return np.array(terms[..., 0])


class Block(NamedTuple):
    """Some points, laid out for products: ``upper_bounds`` takes two of these."""

    points: NDArray[np.int64]
    """Which points, (k,)."""
    moved: torch.Tensor
    """Their features, moved and scaled, (k, D)."""
    padded_norms: torch.Tensor
    """Their squared norms plus slack, (k,)."""

    def part(self, some: slice) -> Block:
        """Some of the points, in views."""
        return Block(self.points[some], self.moved[some], self.padded_norms[some])

    def write(self, start: int, other: Block) -> None:
        """Put another block's points in the place of those from ``start`` on."""
        some = slice(start, start + len(other.points))
        self.points[some] = other.points
        self.moved[some] = other.moved
        self.padded_norms[some] = other.padded_norms


def upper_bounds(x: Block, y: Block) -> torch.Tensor:
    """Upper bounds of the squared distances of x's points to y's, (len(x), len(y)).

    In the units of ``Points``, whose ``on_host`` converts.
    """
    upper = torch.addmm(y.padded_norms, x.moved, y.moved.T, alpha=-2)
    return upper.add_(x.padded_norms[:, None])


class ToOne:
    """Some points on the host, for products with one of them at a time.

    Too few for threads: these would cost more than the products.
    """

    def __init__(self, points: Points, which: NDArray[np.int64]) -> None:
        block = points.block(which)
        self.points = which
        self._moved = block.moved.cpu().numpy()
        self._norms = points.on_host(block.padded_norms) - points.gap[which]
        self._factor = np.float64(-2 * points.unit)

    def lower(self, one: int) -> NDArray[np.float64]:
        """Lower bounds of all distances to the one at this place among the points, (k,)."""
        lower: NDArray[np.float64] = np.vecdot(self._moved, self._moved[one]) * self._factor
        lower += self._norms
        lower += self._norms[one]
        return lower


class Points:
    """The rows of ``labeled`` followed by those of ``unlabeled``, and how far they are apart.

    ``squared`` is exact; ``upper`` and ``lower`` are bounds of it from products in low
    precision. For these, points are moved by about their mean, which differences
    do not notice, and scaled by a power of two into [-1, 1], so that no square overflows. Bounds
    are in these units; ``on_host`` converts.

    Why they are bounds: let u be the rounding unit, Q = |x|² + |y|² and D the number
    of features. To first order, Q - 2⟨x, y⟩ is computed with an error of at most 2uQ
    from rounding x and y, 4uQ from rounding Q and bounds, 2(D + 4)uQ from a sum of
    D + 2 terms in any order (Higham, Accuracy and Stability of Numerical Algorithms,
    2002, section 3.1); the reference's own rounding is at most 2(log₂D + 3)uQ, and
    underflow takes less than D·2⁻¹¹⁸. The slack of x and that of y exceed the sum of
    these by more than the terms of higher order, since D·u < 0.01.

    Whole numbers (times a power of two) need no slack as long as all sums stay below
    2²⁴: then products and distances are exact, and both bounds are the distance.
    """

    def __init__(self, labeled: torch.Tensor, unlabeled: torch.Tensor) -> None:
        self._labeled, self._unlabeled = labeled, unlabeled
        n_labeled, (n, width) = len(labeled), unlabeled.shape
        # Products in TF32 or bfloat16 have too few digits for bounds to be of use.
        plain = torch.get_float32_matmul_precision() == "highest"
        dtype = torch.float32 if plain and width <= 1 << 16 else torch.float64
        device = unlabeled.device
        scale = Scale.of(labeled, unlabeled)
        grid = scale.grid(labeled, unlabeled)
        origin = _middle(unlabeled) * scale.factor
        origin = (torch.round(origin / grid) * grid if grid else origin).to(dtype)
        self._moved = torch.empty((n_labeled + n, width), dtype=dtype, device=device)
        norms = torch.empty(n_labeled + n, dtype=torch.float64, device=device)
        for first, rows in ((0, labeled), (n_labeled, unlabeled)):
            for start, some in parts(rows):
                part = slice(first + start, first + start + len(some))
                moved = self._moved[part] = scale.moved(some.to(dtype), origin)
                norms[part] = moved.double().square().sum(dim=1)
        slack = norms * ((2.5 * width + 64) * torch.finfo(dtype).eps / 2) + width * 2.0**-118
        if grid > 0 and 4 * float(norms.max()) <= grid**2 * 2**24:
            slack.zero_()
        self._padded_norms = (norms + slack).to(dtype)
        self._slack = slack.to(dtype)
        self.unit = scale.factor**-2
        """The unit of bounds, a power of two."""
        self.n_labeled, self.n_unlabeled, self.width = n_labeled, n, width
        self.norms = _float64(norms)
        """Squared norms of the moved points, the same for equal points, (n_labeled + n,)."""
        self.gap = self.on_host(self._slack) * 2
        """What a point adds to the gap between upper and lower bounds, in these units."""

    def block(self, points: NDArray[np.int64] | slice) -> Block:
        """These points, laid out for products."""
        if isinstance(points, slice):
            which = np.arange(points.start, points.stop)
            return Block(which, self._moved[points], self._padded_norms[points])
        return Block(points, _take(self._moved, points), _take(self._padded_norms, points))

    def room(self, size: int) -> Block:
        """A block of ``size`` points that are still to be written."""
        moved = self._moved.new_empty((size, self.width))
        return Block(np.empty(size, dtype=np.int64), moved, self._padded_norms.new_empty(size))

    def exact(self, points: NDArray[np.int64]) -> NDArray[np.float32]:
        """The features of points, (len(points), D)."""
        n_labeled = len(self._labeled)
        exact = np.empty((len(points), self.width), dtype=np.float32)
        is_labeled = points < n_labeled
        exact[is_labeled] = _take(self._labeled, points[is_labeled]).cpu().numpy()
        exact[~is_labeled] = _take(self._unlabeled, points[~is_labeled] - n_labeled).cpu().numpy()
        return exact

    def squared(self, points: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float64]:
        """``squared_distances`` of points to others, pair by pair, (len(points),)."""
        step = max(1, ELEMENTS // self.width)
        squared = np.empty(len(points))
        for start in range(0, len(points), step):
            some = slice(start, start + step)
            rows, columns = self.exact(points[some]), self.exact(others[some])
            squared[some] = squared_distances(rows, columns)
        return squared

    def upper(self, points: NDArray[np.int64], others: NDArray[np.int64]) -> torch.Tensor:
        """Upper bounds of the distances of points to others, (len(points), len(others))."""
        return upper_bounds(self.block(points), self.block(others))

    def lower(self, points: NDArray[np.int64], others: NDArray[np.int64]) -> torch.Tensor:
        """Lower bounds of the distances of points to others, (len(points), len(others))."""
        lower = self.upper(points, others).sub_(_take(self._slack, others), alpha=2)
        return lower.sub_(_take(self._slack, points)[:, None], alpha=2)

    def on_host(self, bounds: torch.Tensor) -> NDArray[np.float64]:
        """Bounds in the units of the distances, float64."""
        converted: NDArray[np.float64] = _float64(bounds) * self.unit
        return converted

    def below(
        self, bounds: torch.Tensor, rows: NDArray[np.int64], limit: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Rows, columns and values of the bounds in these rows that are below the row's limit.

        ``bounds`` are in units, limits (len(rows),) and values are not. Some that equal their
        limit are among them.
        """
        some = _take(bounds, rows).cpu().numpy()
        up = some.dtype.type(np.inf)
        rounded_up = np.nextafter((limit / self.unit).astype(some.dtype), up)
        row, column = np.divmod(np.flatnonzero(some < rounded_up[:, None]), some.shape[1])
        return rows[row], column, some[row, column].astype(np.float64) * self.unit


def _middle(rows: torch.Tensor) -> torch.Tensor:
    """A place in the middle of most of the rows, (D,), float64.

    Bounds hold with any origin and are tight with one near the points; a plain mean is
    drawn away from them by a single row far off.
    """
    some = rows[:: -(-len(rows) // 256)].double()
    norms = some.square().sum(dim=1)
    return some[norms <= 2 * norms.median()].mean(dim=0)


def _take(rows: torch.Tensor, index: NDArray[np.int64]) -> torch.Tensor:
    return rows.index_select(0, torch.from_numpy(index).to(rows.device))


def _float64(rows: torch.Tensor) -> NDArray[np.float64]:
    return rows.cpu().numpy().astype(np.float64)

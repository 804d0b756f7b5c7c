"""Greedy k-center: the farthest-first traversal, exact and lazy.

Gonzalez, "Clustering to minimize the maximum intercluster distance" (1985), used
for active learning by Sener and Savarese, "Active Learning for Convolutional
Neural Networks: A Core-Set Approach" (ICLR 2018), algorithm 1.

``greedy_k_center_reference`` is the definition; ``greedy_k_center`` returns the
same positions sooner. A minimum distance only falls as centers are added, so one
that was computed without some of the centers, or roughly and rounded up, is still
an upper bound. The fast path keeps such bounds, improves only the highest of them,
many rows and centers at a time by a matrix product in float32, and computes the
reference's own float64 distances for the few rows that can be the next pick.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.api.errors import HarnessError
from alharness.selection.distances import ELEMENTS, Points, squared_distances

_BLOCK = 64
"""Rows among which picks are made with exact distances."""
_ROWS = 512
"""Rows whose bounds are lowered together."""
_FIRST = 256
"""Centers that every row meets; the others only lower bounds that stayed high."""
_CENTERS = 512
"""Centers of one matrix product."""


def greedy_k_center_reference(
    unlabeled: torch.Tensor, labeled: torch.Tensor, budget: int
) -> NDArray[np.int64]:
    """What greedy k-center is, in the plainest way; slow.

    ``budget`` times, the row of ``unlabeled`` with the largest squared Euclidean
    distance to its nearest center is picked and becomes a center; the first centers
    are the rows of ``labeled``. Distances are those of ``squared_distances``. Equal
    distances go to the lowest position. Hence, without labeled rows, the first pick
    is position 0; a duplicate of a center comes only after every row at a positive
    distance; and no row comes twice.

    ``unlabeled`` is (n, D), ``labeled`` (m, D) with m ≥ 0, D ≥ 1, float32, finite.
    Returns positions in ``unlabeled``, distinct, in the order of picking, (budget,),
    int64. Raises HarnessError for other inputs and unless ``1 <= budget <= n``.
    """
    check_rows(unlabeled, labeled, budget)
    rows = unlabeled.detach().cpu().double().numpy()
    distance = np.full(len(rows), np.inf)
    for center in labeled.detach().cpu().double().numpy():
        np.minimum(distance, squared_distances(rows, center), out=distance)
    picks = np.empty(budget, dtype=np.int64)
    for number in range(budget):
        pick = int(distance.argmax())
        picks[number] = pick
        np.minimum(distance, squared_distances(rows, rows[pick]), out=distance)
        distance[pick] = -np.inf
    return picks


def greedy_k_center(
    unlabeled: torch.Tensor, labeled: torch.Tensor, budget: int
) -> NDArray[np.int64]:
    """The positions that ``greedy_k_center_reference`` returns, always, and sooner.

    Same arguments, result and errors; both tensors live on one device, which must
    know float64. Memory is linear in the number of rows.
    """
    check_rows(unlabeled, labeled, budget)
    search = _Search(unlabeled.detach(), labeled.detach(), budget)
    while search.n_picks < budget:
        front = _highest(search.bound, _BLOCK + 1)
        if search.knows_all_centers(front):
            search.pick_among(front[:_BLOCK], front[_BLOCK:])
        else:
            search.apply_centers()
    return search.picks


class _Search:
    """The state of one selection.

    *Points* are the labeled rows followed by the unlabeled ones; *centers* are the
    points of the labeled rows followed by those of the picks. ``bound`` of an
    unlabeled row is no smaller than its minimum distance to all centers: the first
    ``applied`` centers have lowered it, and of these the first ``settled`` by their
    exact distances. A picked row's bound is -inf.
    """

    def __init__(self, unlabeled: torch.Tensor, labeled: torch.Tensor, budget: int) -> None:
        n = len(unlabeled)
        self.points = Points(labeled, unlabeled)
        self.n_labeled = self.n_centers = len(labeled)
        self.centers = np.arange(self.n_labeled + budget, dtype=np.int64)
        self.bound = np.full(n, np.inf)
        self.applied = np.zeros(n, dtype=np.int64)
        self.settled = np.zeros(n, dtype=np.int64)

    @property
    def n_picks(self) -> int:
        return self.n_centers - self.n_labeled

    @property
    def picks(self) -> NDArray[np.int64]:
        return self.centers[self.n_labeled : self.n_centers] - self.n_labeled

    def knows_all_centers(self, rows: NDArray[np.int64]) -> bool:
        """Whether the bounds of rows that are not picked reflect every center."""
        return bool(np.all((self.applied[rows] == self.n_centers) | (self.bound[rows] == -np.inf)))

    def apply_centers(self) -> None:
        """Lower the highest of the bounds that lack centers, by some of those centers."""
        lacking = np.where(self.applied < self.n_centers, self.bound, -np.inf)
        rows = _highest(lacking, max(_ROWS, len(lacking) // 16))
        rows = rows[lacking[rows] > -np.inf]
        start = int(self.applied[rows].min())
        stop = self.n_centers if start else min(_FIRST, self.n_centers)
        rows = rows[self.applied[rows] < stop]
        points, bound = self.n_labeled + rows, self.bound[rows]
        for first in range(start, stop, _CENTERS):
            some = self.centers[first : min(first + _CENTERS, stop)]
            nearest = self.points.upper(points, some).amin(dim=1)
            np.minimum(bound, self.points.on_host(nearest), out=bound)
        self.bound[rows] = bound
        self.applied[rows] = stop

    def pick_among(self, block: NDArray[np.int64], rival: NDArray[np.int64]) -> None:
        """Go on just as the reference does, as long as the next pick is in the block.

        ``rival`` is the first row outside of the block by (bound descending, position
        ascending), if there is one.
        """
        block = np.sort(block)
        rows = self.points.exact(self.n_labeled + block)
        distance = self._settle(block, rows)
        # Distances do not exceed bounds: what comes before the rival comes before
        # everything outside.
        limit = max(((self.bound[row], -row) for row in rival), default=(-np.inf, 0))
        while self.n_centers < len(self.centers):
            best = distance.argmax()
            if (distance[best], -block[best]) <= limit:
                break
            self.centers[self.n_centers] = self.n_labeled + block[best]
            self.n_centers += 1
            np.minimum(distance, squared_distances(rows, rows[best]), out=distance)
            distance[best] = -np.inf
        self.bound[block] = distance
        self.applied[block] = self.settled[block] = self.n_centers

    def _settle(self, block: NDArray[np.int64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """The reference's minimum distances of the block's rows to all centers."""
        distance, settled = self.bound[block], self.settled[block]
        for start in range(int(settled.min()), self.n_centers, _CENTERS):
            some = np.arange(start, min(start + _CENTERS, self.n_centers))
            lower = self.points.lower(self.n_labeled + block, self.centers[some])
            at_least = np.maximum(self.points.on_host(lower), 0.0)
            at_least[some < settled[:, None]] = np.inf
            # The probably nearest first: it rules out most of the others.
            row = np.flatnonzero(at_least.min(axis=1) < distance)
            nearest = at_least[row].argmin(axis=1)
            self._lower_exactly(distance, rows, row, some[nearest])
            at_least[row, nearest] = np.inf
            row, other = np.nonzero(at_least < distance[:, None])
            self._lower_exactly(distance, rows, row, some[other])
        return distance

    def _lower_exactly(
        self,
        distance: NDArray[np.float64],
        rows: NDArray[np.float64],
        row: NDArray[np.int64],
        center: NDArray[np.int64],
    ) -> None:
        """Lower ``distance`` at ``row`` to that from the center, pair by pair."""
        step = max(1, ELEMENTS // rows.shape[1])
        for start in range(0, len(row), step):
            pairs = slice(start, start + step)
            others = self.points.exact(self.centers[center[pairs]])
            np.minimum.at(distance, row[pairs], squared_distances(rows[row[pairs]], others))


def _highest(values: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Positions of the ``count`` highest values (or all), by (value descending, position)."""
    if count < len(values):
        cut = np.partition(values, len(values) - count)[len(values) - count]
        above = np.flatnonzero(values > cut)
        chosen = np.concatenate([above, np.flatnonzero(values == cut)[: count - len(above)]])
    else:
        chosen = np.arange(len(values))
    return chosen[np.lexsort((chosen, -values[chosen]))]


def check_rows(unlabeled: torch.Tensor, labeled: torch.Tensor, budget: int) -> None:
    """Raises HarnessError for other inputs than ``greedy_k_center`` takes."""
    for name, rows in (("unlabeled", unlabeled), ("labeled", labeled)):
        if rows.ndim != 2 or rows.dtype != torch.float32:
            raise HarnessError(
                f"{name} rows have shape {tuple(rows.shape)} and type {rows.dtype}",
                where="k-center",
                remedy="Give float32 rows of shape (n, features)",
            )
        if rows.numel() and not all(math.isfinite(end) for end in rows.aminmax()):
            raise HarnessError(
                f"{name} rows hold NaN or infinite values",
                where="k-center",
                remedy="Look for a training that diverged",
            )
    if unlabeled.shape[1] != labeled.shape[1] or unlabeled.shape[1] == 0:
        raise HarnessError(
            f"unlabeled rows have {unlabeled.shape[1]} features, labeled rows {labeled.shape[1]}",
            where="k-center",
            remedy="Give both the same features, at least one",
        )
    if not 1 <= budget <= len(unlabeled):
        raise HarnessError(
            f"budget {budget} of {len(unlabeled)} unlabeled rows",
            where="k-center",
            remedy="Ask for at least one and at most all",
        )

"""Greedy k-center: the farthest-first traversal, exact and lazy.

Gonzalez, "Clustering to minimize the maximum intercluster distance" (1985), used
for active learning by Sener and Savarese, "Active Learning for Convolutional
Neural Networks: A Core-Set Approach" (ICLR 2018), algorithm 1.

``greedy_k_center_reference`` is the definition; ``greedy_k_center`` returns the
same positions sooner. A minimum distance only falls as centers are added, so one
that was computed without some of the centers, or roughly and rounded up, is still
an upper bound, and a row whose bound is below the farthest distance can wait. Each
row counts the centers that it has met, a prefix of their sequence. Only rows with
the highest bounds meet further ones, many at a time by a matrix product in float32,
and no pair meets twice (``nearest``). Once the *front*, the highest bounds of all,
has met every center, the next picks are made in it with the reference's own float64
distances, as long as no row outside can be farther. Most rows never meet most centers.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.api.errors import HarnessError
from alharness.selection.distances import Points, squared_distances
from alharness.selection.duplicates import repeated_points
from alharness.selection.front import Front
from alharness.selection.nearest import Nearest

_FRONT = 128
"""Rows among which picks are made: the front."""
_ROWS = 512
"""Rows that meet centers together, at least."""
_FIRST = 128
"""Centers that every row meets; further ones only rows whose bounds stay high."""
_GROWTH = 4
"""How many times the centers that it has met a row has met after meeting more, at most."""
_STRIDE = 64
"""The least number of picks that rows outside of the front wait for."""


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
    search = _Search(Points(labeled.detach(), unlabeled.detach()), budget)
    search.run()
    return search.picks()


class _Search:
    """The state of one selection; centers are the labeled rows followed by the picks.

    Rows that repeat an earlier one take no part: its distances are theirs, and it comes first.
    """

    def __init__(self, points: Points, budget: int) -> None:
        self._points, self._budget = points, budget
        repeated = repeated_points(points)
        labeled = np.flatnonzero(~repeated[: points.n_labeled])
        self._n_labeled = len(labeled)
        self._nearest = Nearest(points, len(labeled) + budget)
        self._nearest.add_centers(labeled[_spread(len(labeled))])
        self._nearest.bound[repeated[points.n_labeled :]] = -np.inf
        self._picks: list[int] = []

    def run(self) -> None:
        """Pick until all are picked or every row is at distance zero.

        What the front lacks is done for more and more rows until a pick is made: what comes
        after the front is likely to lack it too.
        """
        nearest = self._nearest
        if nearest.n_centers == 0:
            self._pick(np.zeros(1, dtype=np.int64))
        nearest.all_meet(min(_FIRST, nearest.n_centers))
        most = max(_ROWS, self._points.n_unlabeled // 32)
        reach = _FRONT
        while len(self._picks) < self._budget:
            front = _highest(nearest.bound, _FRONT + 1)
            if nearest.bound[front[0]] <= 0:
                break
            behind = (nearest.met < nearest.n_centers) & (nearest.bound > -np.inf)
            milestone = self._milestone()
            if np.any(behind[front] & (nearest.met[front] < milestone)):
                self._advance(milestone, most)
            elif np.any(behind[front]):
                self._advance(nearest.n_centers, reach)
                reach = min(2 * reach, most)
            elif self._pick_among(front[:_FRONT], front[_FRONT:]):
                reach = _FRONT
            else:
                nearest.settle(_highest(nearest.bound, reach))
                reach = min(2 * reach, most)

    def picks(self) -> NDArray[np.int64]:
        """Those made and, up to the budget, the lowest positions of the rest."""
        picks = np.array(self._picks, dtype=np.int64)
        left = np.ones(self._points.n_unlabeled, dtype=np.bool_)
        left[picks] = False
        return np.concatenate([picks, np.flatnonzero(left)[: self._budget - len(picks)]])

    def _milestone(self) -> int:
        """The number of centers that rows meet ahead of their turn.

        It rises in strides, an eighth of it, so that many rows wait for the same many centers.
        """
        n_centers = self._nearest.n_centers
        octave = 1 << (n_centers.bit_length() - 1)
        stride = max(_STRIDE, octave // 8)
        return max(self._n_labeled, n_centers // stride * stride)

    def _advance(self, until: int, count: int) -> None:
        """Lower the ``count`` highest of the bounds that lack some of the first ``until`` centers.

        By not too many centers at once: a row whose bound falls enough needs no others.
        """
        nearest = self._nearest
        lacking = np.where(nearest.met < until, nearest.bound, -np.inf)
        rows = _highest(lacking, count)
        rows = rows[lacking[rows] > -np.inf]
        nearest.meet(rows, np.minimum(np.maximum(_GROWTH * nearest.met[rows], _FIRST), until))

    def _pick(self, rows: NDArray[np.int64]) -> None:
        self._picks.extend(rows.tolist())
        self._nearest.add_centers(self._points.n_labeled + rows)
        self._nearest.bound[rows] = -np.inf

    def _pick_among(self, rows: NDArray[np.int64], rival: NDArray[np.int64]) -> bool:
        """Go on just as the reference does while the next pick is among these rows.

        Returns whether any was.

        ``rival`` is the first of all others by (bound descending, position ascending), if
        there is one.
        """
        nearest, rows = self._nearest, np.sort(rows)
        nearest.settle(rows)
        # Distances do not exceed bounds: what comes before the rival comes before
        # everything outside.
        limit = max(((nearest.bound[row], -row) for row in rival), default=(0.0, 0))
        front = Front(self._points, rows, nearest.bound[rows])
        picked = front.pick(limit, self._budget - len(self._picks))
        self._pick(picked)
        nearest.bound[rows] = front.distance
        nearest.met[rows] = nearest.n_centers
        return len(picked) > 0


def _spread(n: int) -> NDArray[np.int64]:
    """0 to n - 1 in an order of which every stretch covers the whole evenly.

    Rows of a kind often stand together; the first centers that rows meet are then of all kinds.
    """
    golden = (5**0.5 - 1) / 2
    return np.argsort(np.arange(n) * golden % 1, kind="stable")


def _highest(values: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Positions of the ``count`` highest values (or all), by (value descending, position)."""
    if count < len(values):
        cut = np.partition(values, len(values) - count)[len(values) - count]
        above = np.flatnonzero(values > cut)
        chosen = np.concatenate([above, np.flatnonzero(values == cut)[: count - len(above)]])
    else:
        chosen = np.arange(len(values))
    return chosen[np.lexsort((chosen, -values[chosen]))]


def check_rows(
    unlabeled: torch.Tensor, labeled: torch.Tensor, budget: int, where: str = "k-center"
) -> None:
    """Raises HarnessError, from ``where``, for other inputs than ``greedy_k_center`` takes."""
    for name, rows in (("unlabeled", unlabeled), ("labeled", labeled)):
        if rows.ndim != 2 or rows.dtype != torch.float32:
            raise HarnessError(
                f"{name} rows have shape {tuple(rows.shape)} and type {rows.dtype}",
                where=where,
                remedy="Give float32 rows of shape (n, features)",
            )
        if rows.numel() and not all(math.isfinite(end) for end in rows.aminmax()):
            raise HarnessError(
                f"{name} rows hold NaN or infinite values",
                where=where,
                remedy="Look for a training that diverged",
            )
    if unlabeled.shape[1] != labeled.shape[1] or unlabeled.shape[1] == 0:
        raise HarnessError(
            f"unlabeled rows have {unlabeled.shape[1]} features, labeled rows {labeled.shape[1]}",
            where=where,
            remedy="Give both the same features, at least one",
        )
    if not 1 <= budget <= len(unlabeled):
        raise HarnessError(
            f"budget {budget} of {len(unlabeled)} unlabeled rows",
            where=where,
            remedy="Ask for at least one and at most all",
        )

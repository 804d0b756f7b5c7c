"""Covering: which rows lie within a radius of the labeled ones, and how many more a pick covers.

Yehuda, Dekel, Hacohen and Weinshall, "Active Learning Through a Covering Lens" (NeurIPS 2022).

The graph of all pairs within the radius is found once, block by block, and kept while it takes no
more memory than the features; where it is denser, only the number of each row's neighbors
is kept, and neighbors are found again for rows that become covered. Each does so once, so that this
takes at most as long again.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array

from alharness.selection.clustering import k_means
from alharness.selection.distances import Block, Points, upper_bounds

_ROWS, _OTHERS = 512, 1024
"""Rows and others of one block of pairs."""
DIAMETER = 2.0
"""No two rows of length one are farther apart."""


class Coverage:
    """Unlabeled rows, those of them that are covered, and what each of them would cover.

    A row is covered when its distance to a labeled or picked one is below the radius of that:
    ``labeled_radii``, (m,), of the labeled rows (by default ``radius``), ``radius`` of picks.
    Distances that a product in low precision leaves undecided are computed exactly, so that
    no rounding decides. ``unlabeled`` is (n, D), ``labeled`` (m, D) with m ≥ 0, float32, finite,
    on one device. Memory is linear in the number of rows.
    """

    def __init__(
        self,
        unlabeled: torch.Tensor,
        labeled: torch.Tensor,
        radius: float,
        labeled_radii: NDArray[np.float64] | None = None,
    ) -> None:
        self._points = Points(labeled.detach(), unlabeled.detach())
        self._limit = radius**2
        n, n_labeled = len(unlabeled), len(labeled)
        self._labeled = self._points.block(slice(0, n_labeled))
        self._unlabeled = self._points.block(slice(n_labeled, n_labeled + n))
        self.covered = np.zeros(n, dtype=np.bool_)
        """(n,)."""
        limits = None if labeled_radii is None else labeled_radii**2
        for _, near in self._pairs(self._labeled, self._unlabeled, limits):
            self.covered[near] = True
        self.degrees = np.zeros(n, dtype=np.int64)
        """How many rows that are not covered each would cover, itself among them, (n,)."""
        self._graph = self._found(room=n * unlabeled.shape[1] // 4)

    def add(self, row: int) -> None:
        """A row is picked, by its position in ``unlabeled``.

        What is near to it is covered, and adds to no other's degree: ``covered`` and ``degrees``
        change.
        """
        n = len(self.covered)
        if self._graph is not None:
            targets = self._graph.targets(row)
            targets = targets[~self.covered[targets]]
            self.covered[targets] = True
            self.degrees -= np.bincount(self._graph.neighbors(targets), minlength=n)
            return
        pairs = self._pairs(self._block(np.array([row])), self._unlabeled)
        near = np.concatenate([near for _, near in pairs])
        new = near[~self.covered[near]]
        self.covered[new] = True
        for _, near in self._pairs(self._block(new), self._unlabeled):
            self.degrees -= np.bincount(near, minlength=n)

    def _found(self, room: int) -> _Graph | None:
        """Count degrees; the graph itself where it has no more pairs than there is room for.

        A pair of two rows that are not covered is found once, and stands for both.
        """
        n, n_targets = len(self.covered), np.count_nonzero(~self.covered)
        block = self._block(np.argsort(self.covered, kind="stable"))
        parts: list[tuple[NDArray[np.int32], NDArray[np.int32]]] = []
        for start in range(0, n_targets, _ROWS):
            end = min(start + _ROWS, n_targets)
            some = block.part(slice(start, end))
            for others, twice in (
                (slice(start, end), False),
                (slice(end, n_targets), True),
                (slice(n_targets, n), False),
            ):
                for target, row in self._pairs(some, block.part(others)):
                    for pair in ((target, row), (row, target))[: 1 + twice]:
                        self.degrees += np.bincount(pair[1], minlength=n)
                        room -= len(row)
                        if room >= 0:
                            parts.append((pair[0].astype(np.int32), pair[1].astype(np.int32)))
        return _Graph(n, parts) if room >= 0 else None

    def _block(self, rows: NDArray[np.int64]) -> Block:
        return self._points.block(self._points.n_labeled + rows)

    def _pairs(
        self, x: Block, y: Block, limits: NDArray[np.float64] | None = None
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Points of x and y at squared distances below the limits of those of x, in blocks.

        As positions among the unlabeled rows, negative ones of labeled rows.
        """
        n_labeled = self._points.n_labeled
        limits = np.full(len(x.points), self._limit) if limits is None else limits
        for start in range(0, len(x.points), _ROWS):
            rows = slice(start, start + _ROWS)
            for other in range(0, len(y.points), _OTHERS):
                pair = self._near(x.part(rows), y.part(slice(other, other + _OTHERS)), limits[rows])
                yield pair[0] - n_labeled, pair[1] - n_labeled

    def _near(
        self, x: Block, y: Block, limit: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        gap = self._points.gap
        upper = upper_bounds(x, y)
        padded = limit + gap[x.points] + gap[y.points].max()
        row, column, bound = self._points.below(upper, np.arange(len(limit)), padded)
        inside = bound < limit[row]
        unsure = np.flatnonzero(~inside)
        exact = self._points.squared(x.points[row[unsure]], y.points[column[unsure]])
        inside[unsure] = exact < limit[row[unsure]]
        return x.points[row[inside]], y.points[column[inside]]


class _Graph:
    """Pairs of targets, which are to be covered, and rows near to them: both ways."""

    def __init__(self, n: int, pairs: list[tuple[NDArray[np.int32], NDArray[np.int32]]]) -> None:
        none = np.zeros(0, dtype=np.int32)
        target = np.concatenate([none, *(target for target, _ in pairs)])
        row = np.concatenate([none, *(row for _, row in pairs)])
        near = np.ones(len(row), dtype=np.bool_)
        self._rows = csr_array((near, (target, row)), shape=(n, n))
        self._targets = self._rows.T.tocsr()

    def targets(self, row: int) -> NDArray[np.int32]:
        """Those near to a row."""
        found = slice(*self._targets.indptr[row : row + 2])
        targets: NDArray[np.int32] = self._targets.indices[found]
        return targets

    def neighbors(self, targets: NDArray[np.int32]) -> NDArray[np.int32]:
        """Rows near to each of the targets, one after the other."""
        neighbors: NDArray[np.int32] = self._rows[targets].indices
        return neighbors


def greedy_coverage(coverage: Coverage, budget: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Positions of rows that each cover the most that is not covered yet, in the order of picking.

    Source: ProbCover, algorithm 1. Of equal ones ``rng`` decides. They are fewer than ``budget``
    when everything is covered: (≤ budget,) int64, distinct. ``coverage`` is changed.
    """
    n = len(coverage.degrees)
    chance = rng.permutation(n)
    picks: list[int] = []
    while len(picks) < budget:
        pick = int((coverage.degrees * n + chance).argmax())
        if coverage.degrees[pick] == 0:
            break
        coverage.add(pick)
        picks.append(pick)
    return np.array(picks, dtype=np.int64)


def pure_radius(
    rows: torch.Tensor, n_classes: int, rng: np.random.Generator, purity: float = 0.95
) -> float:
    """The largest radius at which a share ``purity`` of the rows' balls is pure.

    Source: ProbCover, section 3.3: ``n_classes`` clusters of k-means stand for classes; a ball is
    pure when all rows in it, at distances below the radius, are of one cluster. A row's ball
    is pure up to the distance to the nearest row of another cluster, so the radius is the
    quantile of these distances, and no grid is searched. 2, the diameter of the unit sphere,
    where there is one cluster only.

    ``rows`` is (n, D) float32, of length one. Memory is linear in n; half of n² distances.
    """
    labels = k_means(rows, n_classes, rng).labels
    order = np.argsort(labels, kind="stable")
    grouped = rows[torch.from_numpy(order).to(rows.device)]
    norms = grouped.square().sum(dim=1)
    nearest = torch.full_like(norms, DIAMETER**2)
    ends = np.flatnonzero(np.diff(labels[order])) + 1
    for first, end in zip([0, *ends], ends, strict=False):
        for start in range(first, end, _ROWS):
            some = slice(start, min(start + _ROWS, end))
            for other in range(end, len(grouped), _OTHERS):
                others = slice(other, other + _OTHERS)
                squared = torch.addmm(norms[others], grouped[some], grouped[others].T, alpha=-2)
                squared += norms[some, None]
                torch.minimum(nearest[some], squared.amin(dim=1), out=nearest[some])
                torch.minimum(nearest[others], squared.amin(dim=0), out=nearest[others])
    place = int((1 - purity) * len(nearest) + 1e-9)
    return float(nearest.clamp(min=0).sort().values[place].sqrt())

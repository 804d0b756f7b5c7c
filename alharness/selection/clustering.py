"""k-means on rows of features: seeded, on the rows' own device, and no cluster ends it.

In torch: a query's process would import scikit-learn for a second and wait longer for its
k-means++. The tests hold it against scikit-learn's. Within a query torch has one thread, so that
sums have one order and picks are the same again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.api.errors import HarnessError
from alharness.selection.lengths import unit_rows

_ROWS = 2048
"""Rows of one product with all centers."""
_CANDIDATES = 64
"""Rows that are drawn together when centers are seeded."""
_TOLERANCE = 1e-4
"""Centers that move less than this, as a share of the features' mean variance, have arrived."""


class Clusters(NamedTuple):
    """Rows in clusters; some clusters may have no rows."""

    labels: NDArray[np.int64]
    """The cluster of each row, (n,), in [0, k)."""
    centers: torch.Tensor
    """(k, D) float32, on the rows' device; k is at most what was asked for."""

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many rows each cluster has, (k,)."""
        return np.bincount(self.labels, minlength=len(self.centers))


def k_means(
    rows: torch.Tensor, n_clusters: int, rng: np.random.Generator, max_iterations: int = 100
) -> Clusters:
    """Lloyd's iterations from centers that k-means++ drew with ``rng``.

    Source: Lloyd (1982); Arthur and Vassilvitskii, "k-means++" (2007), whose rows are drawn
    by their squared distances, one try each. It ends when centers move no more, by
    scikit-learn's rule (the sum of their squared moves is at most 1e-4 of the features' mean
    variance), or after ``max_iterations``. A center that lost all rows stays where it is.

    ``rows`` is (n, D) float32 and finite, n ≥ 1. Where fewer than ``n_clusters`` rows
    differ, there may be fewer clusters. Memory is linear in n and in k. Raises HarnessError for
    other rows and for ``n_clusters < 1``.
    """
    _check(rows, n_clusters)
    origin = rows.mean(dim=0)
    moved = rows - origin  # distances from products lose digits far from the origin
    centers = moved[torch.from_numpy(_seeds(moved, n_clusters, rng)).to(rows.device)]
    enough = _TOLERANCE * float(moved.square().mean(dim=0).mean())
    for _ in range(max_iterations):
        previous, centers = centers, _means(moved, _nearest(moved, centers), centers)
        if float((centers - previous).square().sum()) <= enough:
            break
    return Clusters(_nearest(moved, centers).cpu().numpy(), centers + origin)


def nearest_to_centers(rows: torch.Tensor, clusters: Clusters) -> NDArray[np.int64]:
    """Of each cluster that has rows, the row nearest to its center: (≤ k,) int64, distinct.

    In the order of clusters; equal distances, taken in float64, go to the lowest position.
    ``clusters`` are those that ``k_means`` made of ``rows``, (n, D) float32.
    """
    labels = clusters.labels
    of_rows = torch.from_numpy(labels).to(rows.device)
    squared = torch.cat(
        [
            (rows[some].double() - clusters.centers[of_rows[some]]).square().sum(dim=1)
            for some in _slices(len(rows))
        ]
    )
    order = np.lexsort([squared.cpu().numpy(), labels])
    _, first = np.unique(labels[order], return_index=True)
    return order[first].astype(np.int64)


def spread_rows(
    rows: torch.Tensor, candidates: NDArray[np.int64], budget: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Of the candidates those nearest to the centers of ``budget`` clusters of their directions.

    Candidates, positions in ``rows``, are clustered by k-means on their rows scaled to length one.
    ``rows`` are (n, D) float32. Returns distinct positions in ``rows``, in the order of clusters:
    ``budget``, fewer where clusters are empty or candidates are few, none of none.
    """
    if not len(candidates):
        return candidates
    directions = unit_rows(rows[candidates])
    clusters = k_means(directions, budget, rng)
    return candidates[nearest_to_centers(directions, clusters)]


def _seeds(rows: torch.Tensor, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Positions of n distinct rows, or of as many as differ: each drawn by its squared distance
    to the nearest one drawn before.

    Many candidates are drawn by what distances were, and each is kept with the probability
    that its distance is now by what it was: the same law, with a product for many at once.
    """
    # d_squared_sampling has this law too, but starts at the longest row, proposes one at a time and
    # so takes other numbers of rng: with it in this place clusters, and what methods pick by them,
    # would be others than before.
    picks = [int(rng.integers(len(rows)))]
    distance = np.full(len(rows), np.inf)
    new = picks
    while True:
        np.minimum(distance, _squared(rows, rows[new]).amin(dim=1).cpu().numpy(), out=distance)
        distance[new] = 0.0
        bounds = distance.cumsum()
        if len(picks) == n or bounds[-1] <= 0:
            return np.array(picks, dtype=np.int64)
        drawn = rng.random(min(_CANDIDATES, n - len(picks))) * bounds[-1]
        candidates = np.searchsorted(bounds, drawn, side="right").clip(max=len(rows) - 1)
        among = _squared(rows[candidates], rows[candidates]).cpu().numpy()
        kept: list[int] = []
        for number, chance in enumerate(rng.random(len(candidates))):
            before = distance[candidates[number]]
            repeated = candidates[number] in candidates[kept]
            now = 0.0 if repeated else min([before, *among[number, kept]])
            if chance * before < now:
                kept.append(number)
        new = candidates[kept].tolist()
        picks += new


def _squared(rows: torch.Tensor, centers: torch.Tensor) -> torch.Tensor:
    """Squared distances, (n, k), in slices' memory beside the result."""
    norms = centers.square().sum(dim=1)
    parts = [
        torch.addmm(norms, rows[some], centers.T, alpha=-2).add_(
            rows[some].square().sum(dim=1, keepdim=True)
        )
        for some in _slices(len(rows))
    ]
    return torch.cat(parts).clamp_(min=0)


def _nearest(rows: torch.Tensor, centers: torch.Tensor) -> torch.Tensor:
    """The center nearest to each row, (n,) int64; of equals the first."""
    norms = centers.square().sum(dim=1)
    parts = [
        torch.addmm(norms, rows[some], centers.T, alpha=-2).argmin(dim=1)
        for some in _slices(len(rows))
    ]
    return torch.cat(parts)


def _means(rows: torch.Tensor, labels: torch.Tensor, centers: torch.Tensor) -> torch.Tensor:
    """Of the rows with each label, (k, D); the center itself where there are none."""
    sums = torch.zeros_like(centers).index_add_(0, labels, rows)
    counts = torch.bincount(labels, minlength=len(centers))[:, None]
    return torch.where(counts > 0, sums / counts.clamp(min=1), centers)


def _slices(n: int) -> list[slice]:
    return [slice(start, start + _ROWS) for start in range(0, n, _ROWS)]


def _check(rows: torch.Tensor, n_clusters: int) -> None:
    if rows.ndim != 2 or rows.dtype != torch.float32 or 0 in rows.shape:
        raise HarnessError(
            f"rows have shape {tuple(rows.shape)} and type {rows.dtype}",
            where="k-means",
            remedy="Give float32 rows of shape (n, features), at least one of each",
        )
    if not bool(torch.isfinite(rows).all()):
        raise HarnessError(
            "rows hold NaN or infinite values",
            where="k-means",
            remedy="Look for a training that diverged",
        )
    if n_clusters < 1:
        raise HarnessError(f"{n_clusters} clusters", where="k-means", remedy="Ask for at least one")

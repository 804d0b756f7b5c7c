"""Typical rows: those whose neighbors are near, of clusters that have few labels.

Hacohen, Dekel and Weinshall, "Active Learning on a Budget: Opposite Strategies Suit High and Low
Budgets" (ICML 2022): TypiClust.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.selection.clustering import k_means
from alharness.selection.k_center import check_rows
from alharness.selection.lengths import unit_rows

_BLOCK = 2048
"""Rows whose distances to all others are held together."""
_NEVER_ZERO = 1e-5
"""What the authors' code adds to a mean distance."""


def typical_rows(
    unlabeled: torch.Tensor,
    labeled: torch.Tensor,
    budget: int,
    rng: np.random.Generator,
    *,
    max_clusters: int = 500,
    neighbors: int = 20,
    small: int = 5,
) -> NDArray[np.int64]:
    """Positions of rows that are typical of clusters with few labels, in the order of picking.

    Source: TypiClust, section 3.2 and algorithm 1. All rows, labeled and unlabeled, scaled to
    length one, are clustered: min(m + budget, max_clusters) clusters. These take turns, those
    with the fewest labeled rows first, of equals the largest. At its turn a cluster's most typical
    row (``typicality``) of those that are left is picked; one that has none left loses its turns.
    Clusters of at most ``small`` rows take no turn until all others have no row left.

    ``unlabeled`` is (n, D), ``labeled`` (m, D) with m ≥ 0, float32, finite, on one device. Returns
    distinct positions in ``unlabeled``, (budget,) int64. Memory is linear in the number of
    rows. Raises HarnessError for other inputs and unless ``1 <= budget <= n``.
    """
    check_rows(unlabeled, labeled, budget)
    rows = unit_rows(torch.cat([labeled, unlabeled]))
    n_labeled = len(labeled)
    clusters = k_means(rows, min(n_labeled + budget, max_clusters), rng)
    n_clusters = len(clusters.centers)
    known = np.bincount(clusters.labels[:n_labeled], minlength=n_clusters)
    order = np.lexsort([-clusters.sizes, known])
    by_cluster = np.argsort(clusters.labels[n_labeled:], kind="stable")
    ends = np.bincount(clusters.labels[n_labeled:], minlength=n_clusters).cumsum()
    left = dict(enumerate(np.split(by_cluster, ends[:-1])))
    large = [cluster for cluster in order if clusters.sizes[cluster] > small]
    others = [cluster for cluster in order if clusters.sizes[cluster] <= small]
    picks: list[int] = []
    for cluster in _turns(large, others, left):
        members = left[cluster]
        score = typicality(rows[n_labeled + torch.from_numpy(members).to(rows.device)], neighbors)
        best = int(score.argmax())
        picks.append(int(members[best]))
        left[cluster] = np.delete(members, best)
        if len(picks) == budget:
            break
    return np.array(picks, dtype=np.int64)


def typicality(rows: torch.Tensor, neighbors: int = 20) -> torch.Tensor:
    """1 / (mean squared distance to a row's nearest neighbors among these rows + 1e-5), (n,).

    Source: TypiClust, equation 4, with squared distances and 1e-5 as in the authors' code. The
    neighbors are ``neighbors``, or half of the rows where these are fewer, but one at least; a
    row that is alone has typicality 1e5. ``rows`` is (n, D) float32, n ≥ 1.
    """
    n = len(rows)
    k = min(max(1, min(neighbors, n // 2)), n - 1)
    norms = rows.square().sum(dim=1)
    nearest = []
    for start in range(0, n, _BLOCK):
        some = rows[start : start + _BLOCK]
        squared = torch.addmm(norms, some, rows.T, alpha=-2).add_(
            norms[start : start + _BLOCK, None]
        )
        squared.clamp_(min=0).diagonal(start).fill_(torch.inf)
        nearest.append(squared.topk(k, dim=1, largest=False).values.sum(dim=1))
    return 1 / (torch.cat(nearest) / max(k, 1) + _NEVER_ZERO)


def _turns(
    large: list[int], others: list[int], left: dict[int, NDArray[np.int64]]
) -> Iterator[int]:
    """Whose turn it is, again and again, until no cluster has a row left."""
    for clusters in (large, others):
        while clusters := [cluster for cluster in clusters if len(left[cluster])]:
            yield from clusters

"""Clusters by agglomeration, of a sample; the others join the cluster whose mean is nearest.

Average linkage (Sokal and Michener, 1958) needs all distances between what it clusters: of a large
pool that is a sample.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from alharness.selection.feature_mixing import class_means

_ROWS = 4096


def agglomerated(
    rows: torch.Tensor, rng: np.random.Generator, *, sample: int, mean_size: float
) -> NDArray[np.int64]:
    """A cluster for each row, (n,) int64 from 0 up.

    Average-linkage clustering by Euclidean distance of ``sample`` rows that are drawn with ``rng``
    (or all, where there are no more), cut where they are in clusters of ``mean_size`` on average,
    up to rounding and to ties. Every other row has the cluster whose mean is nearest to it.
    ``rows`` are (n, D) float32, n ≥ 1; ``sample`` and ``mean_size`` are 1 or more. Memory is linear
    in n, and sample².
    """
    n = len(rows)
    drawn = np.sort(rng.permutation(n)[:sample])
    some = rows[drawn]
    n_clusters = max(1, round(len(drawn) / mean_size))
    if len(drawn) > 1:
        tree = linkage(some.double().cpu().numpy(), method="average")
        labels = fcluster(tree, n_clusters, criterion="maxclust").astype(np.int64) - 1
    else:
        labels = np.zeros(1, dtype=np.int64)
    clusters = nearest_mean(rows, some, labels)
    clusters[drawn] = labels
    return clusters


def nearest_mean(
    rows: torch.Tensor, members: torch.Tensor, clusters: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The cluster whose members' mean is nearest to each row, (n,) int64, of equals the lowest.

    ``rows`` are (n, D), n ≥ 1, ``members`` (m, D), m ≥ 1, of one floating type on one device;
    ``clusters`` (m,) int64 are those of the members, any numbers.
    """
    known, which = np.unique(clusters, return_inverse=True)
    means = class_means(members, torch.from_numpy(which).to(members.device), len(known))
    nearest = [
        torch.cdist(rows[start : start + _ROWS], means).argmin(dim=1)
        for start in range(0, len(rows), _ROWS)
    ]
    answer: NDArray[np.int64] = known[torch.cat(nearest).cpu().numpy()]
    return answer

"""DropQuery: images whose prediction changes when features are dropped, spread by k-means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness import selection

if TYPE_CHECKING:
    import torch
    from torch import nn

_ROWS = 4096
_ENOUGH = 25
"""With fewer candidates than so many for each pick, one changed prediction suffices."""


class DropQueryParameters(alharness.Parameters):
    """Parameters of ``dropquery``."""

    copies: int = Field(3, ge=1, description="copies of each image's features under dropout")
    dropout: float = Field(0.75, ge=0, lt=1, description="probability of dropping a feature")


class DropQuery(alharness.Sampler):
    """Clusters the images whose prediction is inconsistent, and picks the nearest to each center.

    Source: Gupte et al. (2024), DropQuery, with the constants of their code. Three copies of an
    image's penultimate features pass through the last layer under dropout of 0.75. Candidates are
    the images of which more than one copy is predicted to be of another class than without
    dropout; where these are fewer than 25 for each pick, more than none. k-means on their features,
    scaled to length one, as many clusters as picks; of each the image nearest to the center.
    Where candidates are too few, or clusters empty, the rest is drawn uniformly: notes
    ``candidates`` and ``filled``. On features with a linear head these are the features that the
    scenario trains on, as in the paper.
    """

    def __init__(self, copies: int, dropout: float) -> None:
        self.copies = copies
        self.dropout = dropout

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        features = pool.embeddings()
        changed = changed_predictions(features, pool.head(), self.copies, self.dropout, rng)
        candidates = np.flatnonzero(changed > 1)
        if len(candidates) < _ENOUGH * budget:
            candidates = np.flatnonzero(changed > 0)
        picks = candidates[:0]
        if len(candidates):
            rows = selection.unit_rows(features)[candidates]
            clusters = selection.k_means(rows, budget, rng)
            picks = candidates[selection.nearest_to_centers(rows, clusters)]
        self.notes = {"candidates": len(candidates), "filled": budget - len(picks)}
        return selection.filled(picks, pool.n_unlabeled, budget, rng)


def changed_predictions(
    features: torch.Tensor,
    head: nn.Module,
    copies: int,
    dropout: float,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Of how many copies under dropout the predicted class is another than without, (n,).

    ``features`` is (n, D). What is kept is divided by 1 - ``dropout``.
    """
    import torch

    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    changed = []
    with torch.no_grad():
        for start in range(0, len(features), _ROWS):
            rows = features[start : start + _ROWS]
            predicted = head(rows).argmax(dim=1)
            count = torch.zeros(len(rows), dtype=torch.int64)
            for _ in range(copies):
                kept = torch.rand(rows.shape, generator=generator) >= dropout
                dropped = rows * kept.to(rows.device) / (1 - dropout)
                count += (head(dropped).argmax(dim=1) != predicted).cpu()
            changed.append(count)
    return torch.cat(changed).numpy()


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "dropquery",
        DropQuery,
        summary="Images whose prediction changes under dropout of features, spread by k-means",
        citation="Gupte, Aklilu, Nirschl and Yeung-Levy, Revisiting Active Learning in the Era of "
        "Vision Foundation Models, TMLR 2024",
        requires="A task model whose last layer can be asked (`head`).",
        cost="One pass over the pool, a few of its last layer, and at most a hundred times "
        "budget x candidates distances; memory linear in the pool.",
        parameters=DropQueryParameters,
    )

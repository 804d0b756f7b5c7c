"""CoreGCN: images far from every labeled one, in the hidden layer of a graph network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import alharness
from alharness import selection
from alharness_plugins.samplers.parts.gcn import CITATION, COST, REQUIRES, GcnParameters


class CoreGcn(alharness.Sampler):
    """Greedy k-center on the hidden units of a graph network, from the labeled images.

    Source: Caramalau, Bhattarai and Kim (2021). The network is that of
    ``uncertain-gcn``, trained in every query to tell labeled images from unlabeled ones. Distances
    are between its hidden units, as in the authors' code; the code of TA-VAAL, which others use,
    takes the backbone's features, and is ``coreset``.
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = GcnParameters(**parameters)

    def query(
        self, pool: alharness.Pool, budget: int, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        from alharness_plugins.samplers.parts.gcn.training import hidden_and_logits

        hidden, _ = hidden_and_logits(pool, self.parameters)
        unlabeled, labeled = hidden[: pool.n_unlabeled], hidden[pool.n_unlabeled :]
        return selection.greedy_k_center(unlabeled, labeled, budget)


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "core-gcn",
        CoreGcn,
        summary="Greedy k-center on the hidden units of a graph network of all images",
        citation=CITATION,
        requires=REQUIRES,
        cost=f"{COST} Then a greedy k-center, as `coreset` has it.",
        parameters=GcnParameters,
    )

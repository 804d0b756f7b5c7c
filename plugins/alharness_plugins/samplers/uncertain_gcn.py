"""UncertainGCN: images of which a graph network is unsure whether they are labeled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import Field

import alharness
from alharness_plugins.samplers.parts.gcn import CITATION, COST, REQUIRES, GcnParameters

if TYPE_CHECKING:
    import torch


class UncertainGcnParameters(GcnParameters):
    """Parameters of ``uncertain-gcn``; the defaults are the published ones."""

    margin: float = Field(
        0.1, ge=0, le=1, description="the confidence of being labeled that is wanted"
    )


class UncertainGcn(alharness.ScoreSampler):
    """Scores how near an image's confidence of being labeled is to ``margin``, nearest first.

    Source: Caramalau, Bhattarai and Kim (2021). A graph network of two layers is
    trained in every query to tell labeled images from unlabeled ones, on the penultimate features
    of both at unit length.

    Differs from the published code: logarithms of its sigmoids are computed from logits, and cannot
    overflow; the whole pool is in the graph (there a random 10 000; a suite's ``pool_subset`` does
    that for all methods alike), which is never formed.
    """

    def __init__(self, **parameters: Any) -> None:
        super().__init__()
        self.parameters = UncertainGcnParameters(**parameters)

    def scores(self, pool: alharness.Pool) -> torch.Tensor:
        """Minus the distance of the confidence from ``margin``, (n_unlabeled,), in [-1, 0]."""
        from alharness_plugins.samplers.parts.gcn.training import hidden_and_logits

        _, logits = hidden_and_logits(pool, self.parameters)
        return -(logits[: pool.n_unlabeled].sigmoid() - self.parameters.margin).abs()


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "uncertain-gcn",
        UncertainGcn,
        summary="Least sure to be unlabeled, by a graph network on the penultimate features",
        citation=CITATION,
        requires=REQUIRES,
        cost=COST,
        parameters=UncertainGcnParameters,
    )

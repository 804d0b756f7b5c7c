"""PowerBALD: BALD's scores with noise, so that a batch is not many times the same image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness import selection

Kind = Literal["power", "softmax", "softrank"]


class PowerBaldParameters(alharness.Parameters):
    """Parameters of ``power-bald``."""

    passes: int = Field(25, ge=2, description="Monte-Carlo dropout passes")
    beta: float = Field(
        1.0, gt=0, description="The larger, the less noise: ever more, and it is BALD"
    )
    kind: Kind = Field(
        "power",
        description="What an image is drawn in proportion to, s being BALD's score: power: s to "
        "the power of beta; softmax: exp(beta s); softrank: its rank from 1 up to the power "
        "of -beta",
    )


class PowerBald(alharness.Sampler):
    """Draws without replacement in proportion to a power of BALD's mutual information.

    Source: Kirsch et al. (2023), section 4: the highest ``budget`` of log s + Gumbel noise of scale
    1 / beta, which is such a draw; beta = 1 as there. By ``power``, images without any
    information come only after all others, in an order drawn with ``rng``.
    """

    needs = alharness.Needs(dropout=True)

    def __init__(self, passes: int, beta: float, kind: Kind) -> None:
        self.passes, self.beta, self.kind = passes, beta, kind

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        slices = pool.mc_probabilities(self.passes)
        scores = selection.mutual_information(slices, pool.n_unlabeled).numpy()
        noise = rng.gumbel(size=pool.n_unlabeled)
        perturbed = self.beta * _logarithms(scores, self.kind) + noise
        chance = rng.random(pool.n_unlabeled)
        return np.lexsort((chance, -perturbed))[:budget]


def _logarithms(scores: NDArray[np.float64], kind: Kind) -> NDArray[np.float64]:
    """Of what images are drawn in proportion to, for beta = 1; -inf for never before others."""
    logarithms: NDArray[np.float64] = scores
    if kind == "power":
        with np.errstate(divide="ignore"):
            logarithms = np.log(scores)
    elif kind == "softrank":
        logarithms = -np.log(1 + np.searchsorted(np.sort(-scores), -scores))
    return logarithms


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "power-bald",
        PowerBald,
        summary="BALD with noise: drawn in proportion to a power of the mutual information",
        citation="Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron and Gal, Stochastic "
        "Batch Acquisition: A Simple Baseline for Deep Active Learning, TMLR 2023",
        requires="A task model with dropout (`dropout` above 0); where there is none it is not "
        "applicable.",
        cost="T passes over the pool, T = `passes`; a model whose dropout sits behind its "
        "features computes these once. Memory linear in the pool.",
        parameters=PowerBaldParameters,
    )

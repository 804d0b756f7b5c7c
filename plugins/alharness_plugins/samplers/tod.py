"""TOD: images whose prediction changed most since the cycle before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import alharness

if TYPE_CHECKING:
    import torch


class Tod(alharness.ScoreSampler):
    """Scores how far predictions moved: half of ||p_t - p_(t-1)||², largest first.

    Source: Huang, Wang, Xiong, Huan and Dou (2021), whose temporal output discrepancy bounds a loss
    from below; over two cycles it is their cyclic output discrepancy, on probabilities as in their
    code. The model of the cycle before is asked again, so that every image has an answer of
    it, whatever that cycle's query was shown, and nothing is stored.

    Cycle 0 has no model before it, and picks at random. The published code has a freshly
    initialized network there, and picks the smallest discrepancies.

    The paper also trains with a consistency loss on labeled and unlabeled images, a semi-supervised
    training. That is no part of this sampler: its task models are trained on labeled
    images alone, as those of every other method are, and it is the selection that is compared.
    """

    def scores(self, pool: alharness.Pool) -> torch.Tensor:
        """In [0, 1], (n_unlabeled,); 0 for all in cycle 0, whose ties are broken at random."""
        before = pool.previous_probabilities()
        now = pool.probabilities()
        return (now - (now if before is None else before)).square().sum(dim=1) / 2


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "tod",
        Tod,
        summary="Largest change of the predicted probabilities since the cycle before",
        citation="Huang, Wang, Xiong, Huan and Dou, Semi-Supervised Active Learning with Temporal "
        "Output Discrepancy, ICCV 2021",
        requires="A cycle before: the first query picks at random.",
        cost="Two forward passes over the pool, of this cycle's model and of the one before.",
    )

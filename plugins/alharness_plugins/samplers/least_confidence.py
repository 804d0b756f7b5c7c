"""Least confidence: images of whose likeliest class the model is least sure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import alharness


class LeastConfidence(alharness.ScoreSampler):
    """Scores 1 - max p.

    Source: Lewis and Gale (1994) for two classes; for more, Culotta and McCallum (2005).
    """

    def scores(self, pool: alharness.Pool) -> Any:
        """In [0, 1 - 1/C], float64, (n_unlabeled,)."""
        return 1 - pool.probabilities().amax(dim=1).double()


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "least-confidence",
        LeastConfidence,
        summary="Smallest probability of the likeliest class",
        citation="Lewis and Gale, A Sequential Algorithm for Training Text Classifiers, SIGIR 1994",
        cost="One forward pass over the pool.",
    )

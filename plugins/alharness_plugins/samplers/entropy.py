"""Entropy sampling: images whose class probabilities have the largest entropy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import alharness
from alharness import selection


class Entropy(alharness.ScoreSampler):
    """Scores H(p) = -Σ p log p, with 0 log 0 = 0.

    Source: Settles (2009), section 3.1; the entropy is Shannon's (1948).
    """

    def scores(self, pool: alharness.Pool) -> Any:
        """In [0, log C] nats, float64, (n_unlabeled,)."""
        return selection.entropy(pool.probabilities())


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "entropy",
        Entropy,
        summary="Largest entropy of the class probabilities",
        citation="Settles, Active Learning Literature Survey, University of Wisconsin-Madison, "
        "2009",
        cost="One forward pass over the pool.",
    )

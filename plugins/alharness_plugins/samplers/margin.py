"""Margin sampling: images between whose two likeliest classes the model can least decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import alharness
from alharness import selection


class Margin(alharness.ScoreSampler):
    """Scores p₂ - p₁, the two highest class probabilities: the smallest margin is wanted most.

    Source: Scheffer et al. (2001), whose margin of a token is the same difference.
    """

    def scores(self, pool: alharness.Pool) -> Any:
        """In [-1, 0], float32, (n_unlabeled,)."""
        return -selection.margins(pool.probabilities())


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "margin",
        Margin,
        summary="Smallest difference of the two highest class probabilities",
        citation="Scheffer, Decomain and Wrobel, Active Hidden Markov Models for Information "
        "Extraction, IDA 2001",
        cost="One forward pass over the pool.",
    )

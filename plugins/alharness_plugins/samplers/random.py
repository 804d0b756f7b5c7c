"""Random sampling: the reference that every method is compared with."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

import alharness


class Random(alharness.Sampler):
    """Draws uniformly without replacement: every set of ``budget`` images is equally likely."""

    needs = alharness.Needs(model=False)

    def query(
        self, pool: alharness.Pool, budget: int, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        return rng.choice(pool.n_unlabeled, size=budget, replace=False)


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "random",
        Random,
        summary="Uniform without replacement",
        citation="Munjal et al., Towards Robust and Reproducible Active Learning Using "
        "Neural Networks, CVPR 2022 (their RSB)",
        cost="None: no image is looked at.",
    )

"""``perfect``: the oracle that always tells the truth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness


class PerfectParameters(alharness.Parameters):
    """Parameters of ``perfect``."""

    cost_per_label: float = Field(1.0, ge=0, description="what one label costs")


class PerfectOracle(alharness.Oracle):
    """Gives the true labels."""

    def __init__(self, cost_per_label: float) -> None:
        self.cost_per_label = cost_per_label

    def annotate(
        self,
        true_labels: NDArray[np.int64],
        indices: NDArray[np.int64],
        n_classes: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        return true_labels


@alharness.hookimpl
def alharness_oracles() -> Iterator[alharness.OracleSpec]:
    yield alharness.OracleSpec(
        "perfect",
        PerfectOracle,
        summary="Gives the true labels",
        cost="`cost_per_label` for each queried image.",
        parameters=PerfectParameters,
    )

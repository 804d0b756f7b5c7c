"""A plugin file: the kit's model and oracle, registered only for its tiny bench."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

import alharness
from alharness.testing.images import SmallNetwork


class SmallModel(alharness.Model):
    """Builds the kit's network."""

    def build(self, n_classes: int, in_channels: int, image_size: int) -> SmallNetwork:
        """For images of at least 4 x 4."""
        return SmallNetwork(n_classes, in_channels)


class Truth(alharness.Oracle):
    """Gives the true labels."""

    def annotate(
        self,
        true_labels: NDArray[np.int64],
        indices: NDArray[np.int64],
        n_classes: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        """As they are."""
        return true_labels


@alharness.hookimpl
def alharness_models() -> Iterator[alharness.ModelSpec]:
    """The kit's model."""
    yield alharness.ModelSpec("testing-network", SmallModel, summary="Of the conformance kit")


@alharness.hookimpl
def alharness_oracles() -> Iterator[alharness.OracleSpec]:
    """The kit's oracle."""
    yield alharness.OracleSpec("testing-truth", Truth, summary="Of the conformance kit")

"""``noisy``: an oracle that mislabels a share of every queried batch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

import alharness

Labels = NDArray[np.int64]
Noise = Literal["permute", "uniform", "flip", "confusion"]
Scope = Literal["all", "newest"]


class NoisyParameters(alharness.Parameters):
    """Parameters of ``noisy``."""

    noise: Noise = Field(
        "permute",
        description="permute: the chosen images exchange their labels; uniform: any class, the "
        "true one included; flip: any other class; confusion: drawn from the true class's row "
        "of the matrix",
    )
    fraction: float = Field(
        0.1, ge=0, le=1, description="share of each queried batch that is chosen, rounded down"
    )
    matrix: tuple[tuple[float, ...], ...] = Field(
        (), description="for confusion: row c holds the probabilities of each label given class c"
    )
    scope: Scope = Field(
        "all",
        description="all: labels once given stay; newest: they turn into the true ones as soon "
        "as newer ones are given, as in the published code",
    )
    cost_per_label: float = Field(1.0, ge=0, description="what one label costs")

    @model_validator(mode="after")
    def _matrix_fits(self) -> NoisyParameters:
        if (self.noise == "confusion") != bool(self.matrix):
            raise ValueError("a matrix is for noise = 'confusion', which needs one")
        for number, row in enumerate(self.matrix):
            if len(row) != len(self.matrix) or min(row) < 0 or not math.isclose(sum(row), 1):
                raise ValueError(
                    f"row {number} of the matrix is not {len(self.matrix)} probabilities "
                    "that sum to 1"
                )
        return self


class NoisyOracle(alharness.Oracle):
    """Mislabels images of a batch that are chosen at random; the others get their true labels.

    Source: Munjal et al. (2022), section 7: the labels of 10 % or 20 % of an active set are
    permuted. Initial and validation sets are clean. The published code draws any class instead
    (``uniform``), and turns the labels of earlier batches clean again (``scope = "newest"``).
    Less than the fraction is wrong in the end: a permuted or uniform label may be the true one.
    """

    def __init__(
        self,
        noise: Noise,
        fraction: float,
        matrix: Sequence[Sequence[float]],
        scope: Scope,
        cost_per_label: float,
    ) -> None:
        self.noise = noise
        self.fraction = fraction
        self.matrix = matrix
        self.labels_stay = scope == "all"
        self.cost_per_label = cost_per_label

    def check(self, n_images: int, n_classes: int) -> None:
        """Raises UsageError for a matrix of another number of classes."""
        if self.noise == "confusion" and len(self.matrix) != n_classes:
            raise self._other_classes(n_classes)

    def annotate(
        self, true_labels: Labels, indices: Labels, n_classes: int, rng: np.random.Generator
    ) -> Labels:
        """Raises HarnessError when there is no other class to flip to, or the matrix is of another
        number of classes.
        """
        n_chosen = int(Fraction(str(self.fraction)) * len(true_labels))
        chosen = rng.permutation(len(true_labels))[:n_chosen]
        labels = true_labels.copy()
        labels[chosen] = self._wrong(true_labels[chosen], n_classes, rng)
        return labels

    def _wrong(self, true_labels: Labels, n_classes: int, rng: np.random.Generator) -> Labels:
        n = len(true_labels)
        match self.noise:
            case "permute":
                return rng.permutation(true_labels)
            case "uniform":
                return rng.integers(n_classes, size=n)
            case "flip":
                if n_classes < 2:
                    raise alharness.HarnessError(
                        "there is no other class to flip to",
                        remedy="Take another noise, or data of two classes or more",
                    )
                return (true_labels + rng.integers(1, n_classes, size=n)) % n_classes
            case "confusion":
                if len(self.matrix) != n_classes:
                    raise self._other_classes(n_classes)
                cumulative = np.cumsum(np.asarray(self.matrix)[true_labels], axis=1)
                beyond = rng.random(n)[:, None] * cumulative[:, -1:] >= cumulative
                drawn: Labels = beyond.sum(axis=1)
                return drawn

    def _other_classes(self, n_classes: int) -> alharness.UsageError:
        return alharness.UsageError(
            f"the matrix is of {len(self.matrix)} classes, the data of {n_classes}",
            where="oracle 'noisy'",
            remedy="Give one row and one column for each class",
        )


@alharness.hookimpl
def alharness_oracles() -> Iterator[alharness.OracleSpec]:
    yield alharness.OracleSpec(
        "noisy",
        NoisyOracle,
        summary="Mislabels a share of every queried batch",
        citation="Munjal, Hayat, Hayat, Sourati and Khan, Towards Robust and Reproducible Active "
        "Learning Using Neural Networks, CVPR 2022",
        requires='A matrix for `noise = "confusion"`.',
        cost="`cost_per_label` for each queried image.",
        parameters=NoisyParameters,
    )

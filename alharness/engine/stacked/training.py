"""A training that may share a stack, and what those of one stack have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from alharness.api.errors import UsageError
from alharness.api.schedule import Schedule
from alharness.api.space import Value
from alharness.engine.network import Network
from alharness.engine.optimizers import PAPERS_OPTIONS, OptimizerOptions
from alharness.engine.stacked.layers import Layer, layers_of
from alharness.engine.training import Examples
from alharness.epochs import LEAST


@dataclass(frozen=True)
class StackedTraining:
    """One model's training on labeled features, by cross entropy.

    As ``engine.training.Training``, of which it does what can be stacked: ``network`` consists of
    linear layers with ReLU and dropout between them, ``labeled`` and ``validation`` are features on
    the CPU. ``order`` (CPU) draws the batches, where one batch does not hold all images;
    ``dropout`` (CPU) the masks. ``weight_decay`` is what a regularizer sets; None leaves it to
    ``options``. Raises UsageError when both set one.
    """

    network: Network
    labeled: Examples
    validation: Examples | None
    hyperparameters: Mapping[str, Value]
    order: torch.Generator
    dropout: torch.Generator
    n_classes: int
    schedule: Schedule
    options: OptimizerOptions = PAPERS_OPTIONS
    weight_decay: float | None = None
    drop_last: bool = False

    def __post_init__(self) -> None:
        if self.options.weight_decay and self.weight_decay is not None:
            raise UsageError(
                f"training.weight_decay = {self.options.weight_decay:g} is fixed, and a "
                f"regularizer sets {self.weight_decay:g}",
                remedy="Leave one of them out of the suite",
            )

    @property
    def learning_rate(self) -> float:
        """That of the hyper-parameters, which the schedule multiplies."""
        return float(self.hyperparameters["learning-rate"])

    @property
    def decay(self) -> float:
        """The weight decay that acts."""
        return self.options.weight_decay if self.weight_decay is None else self.weight_decay


@dataclass(frozen=True)
class StackShape:
    """What trainings have in common that share a stack, beside the number of epochs.

    ``least``: images of a last batch that is kept. ``decays``: whether there is a weight decay;
    ``momentum`` and ``nesterov`` are SGD's.
    """

    layers: tuple[Layer, ...]
    n_labeled: int
    n_validation: int
    batch_size: int
    least: int
    optimizer: str
    momentum: float
    nesterov: bool
    decays: bool

    @property
    def values(self) -> int:
        """About how many numbers one such training is computed with."""
        images = self.n_labeled + self.n_validation + self.batch_size
        weights = sum(layer.n_in * layer.n_out for layer in self.layers)
        units = sum(layer.n_out for layer in self.layers)
        return images * self.layers[0].n_in + 5 * weights + 3 * self.batch_size * units


def stack_shape(training: StackedTraining) -> StackShape:
    """The shape of a training: those of one shape share a stack.

    Raises HarnessError for a network that cannot be stacked.
    """
    batch_size = min(int(training.hyperparameters["batch-size"]), len(training.labeled))
    return StackShape(
        layers=layers_of(training.network),
        n_labeled=len(training.labeled),
        n_validation=0 if training.validation is None else len(training.validation),
        batch_size=batch_size,
        least=batch_size if training.drop_last else LEAST,
        optimizer=str(training.hyperparameters["optimizer"]),
        momentum=training.options.momentum,
        nesterov=training.options.nesterov,
        decays=training.decay > 0,
    )

"""A stack as a program: its parameters, a step of all its trainings, their scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from alharness.engine.stacked.passes import Pass, row
from alharness.engine.stacked.slabs import Slabs, sums
from alharness.engine.stacked.training import StackedTraining, StackShape
from alharness.engine.stacked.training_pass import TrainingPass
from alharness.engine.training import Examples, Score, copied_weights


@dataclass(frozen=True)
class Rows:
    """Features of T trainings, (T, n, columns) float32, and their labels, (T, n) int64."""

    features: torch.Tensor
    labels: torch.Tensor


@dataclass(frozen=True)
class Start:
    """What a program starts from: rows, and the weights of each layer, (T, n_out, columns).

    Columns are a layer's inputs, the constant one, and filling.
    """

    labeled: Rows
    validation: Rows | None
    weights: Sequence[torch.Tensor]


class Program:
    """T trainings of one shape: whoever moves ``parameters``, (T, S), along ``gradients`` trains.

    Parameters are the weights of the layers, the bias as the weight of a constant input.
    """

    def __init__(self, shape: StackShape, trainings: Sequence[StackedTraining]) -> None:
        self.shape, self.trainings = shape, trainings
        start = self.expressed(_start(shape, trainings))
        self.labeled, self._validation = start.labeled, start.validation
        sizes = [(weights.shape[1], weights.shape[2]) for weights in start.weights]
        self.weights, self.slopes = (Slabs(len(trainings), sizes) for _ in range(2))
        for weights, initial in zip(self.weights.matrices, start.weights, strict=True):
            weights.copy_(initial)
        self._first_rows = torch.arange(len(trainings))[:, None] * shape.n_labeled
        self._passes: dict[int, TrainingPass] = {}
        self._scoring = (
            None
            if start.validation is None
            else Pass(shape.layers, self.weights.matrices, start.validation.features)
        )

    @property
    def parameters(self) -> torch.Tensor:
        """What is trained, (T, S)."""
        return self.weights.flat

    @property
    def gradients(self) -> torch.Tensor:
        """What the last step left, (T, S)."""
        return self.slopes.flat

    def step(self, rows: torch.Tensor | None) -> torch.Tensor:
        """Losses of images, (T, b), in training mode; leaves the gradients of their means.

        ``rows`` are the images' rows in each labeled set, (T, b) int64; None for all of them.
        """
        labels = self.labeled.labels
        if rows is None:
            one = self.training_pass(self.shape.n_labeled)
            return one.step(one.targets(labels))
        one = self.training_pass(rows.shape[1])
        features, inputs = self.labeled.features.flatten(0, 1), one.given.flatten(0, 1)
        torch.index_select(features, 0, (rows + self._first_rows).view(-1), out=inputs)
        return one.step(one.targets(labels.gather(1, rows)))

    def scores(self) -> list[Score]:
        """Each training's score on its validation set, evaluation mode."""
        one, rows = self._scoring, self._validation
        assert one is not None
        assert rows is not None
        logits = one.forward()
        found = logits.max(dim=1).indices[:, : one.n_images]
        hits = (found == rows.labels).sum(dim=1).tolist()
        losses, _ = one.losses(one.targets(rows.labels))
        means = (sums(losses.double()) / one.n_images).tolist()
        return [
            Score(hit / one.n_images, mean if math.isfinite(mean) else math.inf)
            for hit, mean in zip(hits, means, strict=True)
        ]

    def state(self, number: int, parameters: torch.Tensor) -> dict[str, torch.Tensor]:
        """The state of a training's network that has these parameters, (S,)."""
        state = copied_weights(self.trainings[number].network)
        matrices = self.layer_weights(number, self.weights.of(parameters))
        for layer, weights in zip(self.shape.layers, matrices, strict=True):
            state[f"{layer.name}.weight"] = weights[:, : layer.n_in].clone()
            state[f"{layer.name}.bias"] = weights[:, layer.n_in].clone()
        return state

    def training_pass(self, n_images: int) -> TrainingPass:
        """The pass that batches of so many images go through."""
        if n_images not in self._passes:
            features = self.labeled.features
            every = n_images == self.shape.n_labeled
            inputs = features if every else torch.zeros_like(features[:, :n_images])
            self._passes[n_images] = self.make_pass(inputs)
        return self._passes[n_images]

    def expressed(self, start: Start) -> Start:
        """What the program works on: here, what it is given."""
        return start

    def layer_weights(
        self, number: int, parameters: Sequence[torch.Tensor]
    ) -> Sequence[torch.Tensor]:
        """The weights that a training's parameters stand for: here, they themselves."""
        return parameters

    def make_pass(self, inputs: torch.Tensor) -> TrainingPass:
        """A pass of inputs, (T, b, columns)."""
        return TrainingPass(
            self.shape.layers,
            self.weights.matrices,
            inputs,
            self.slopes.matrices,
            [training.dropout for training in self.trainings],
        )


def _start(shape: StackShape, trainings: Sequence[StackedTraining]) -> Start:
    validation = [
        (training, training.validation) for training in trainings if training.validation is not None
    ]
    return Start(
        _rows([(training, training.labeled) for training in trainings]),
        _rows(validation) if validation else None,
        [
            torch.stack([_weights(training, layer.name) for training in trainings])
            for layer in shape.layers
        ],
    )


def _rows(examples: Sequence[tuple[StackedTraining, Examples]]) -> Rows:
    """Rows as networks see them: normalized, flat, with the constant."""
    features = [
        row(training.network.normalized(one.images.batch(slice(None))).flatten(1), 1.0)
        for training, one in examples
    ]
    return Rows(torch.stack(features), torch.stack([one.labels for _, one in examples]))


def _weights(training: StackedTraining, name: str) -> torch.Tensor:
    """A layer's weights with its bias behind them, (n_out, columns)."""
    layer = training.network.get_submodule(name)
    assert isinstance(layer, nn.Linear)
    return row(layer.weight.detach(), layer.bias.detach())

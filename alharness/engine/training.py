"""Training: one trial, through the one epoch loop, keeping the best weights on validation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from alharness.api.extension import ExtensionBatch
from alharness.api.loss import Loss
from alharness.api.regularizer import Regularizer
from alharness.api.schedule import Schedule
from alharness.api.space import Value
from alharness.engine.extension import BuiltExtension, features_and_logits
from alharness.engine.images import Images
from alharness.engine.optimizers import PAPERS_OPTIONS, OptimizerOptions, make_optimizer
from alharness.epochs import batches, n_batches, run_epochs

EVALUATION_BATCH = 1024


@dataclass(frozen=True)
class Examples:
    """Images with their labels, (n,) int64 on the images' device."""

    images: Images
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Score:
    """Accuracy in [0, 1] and mean cross entropy (infinite when it is not a number)."""

    accuracy: float
    loss: float

    def is_better_than(self, other: Score) -> bool:
        """Whether it is chosen before the other: by accuracy, then by loss."""
        return (self.accuracy, -self.loss) > (other.accuracy, -other.loss)


@dataclass
class Trained:
    """What a training leaves.

    ``weights`` are those of the best epoch on validation (the highest accuracy, then the lowest
    loss, then the earliest), or a regularizer's own where these are not worse (then
    ``replaced_by`` names it); ``extension`` are the weights of an extension's module at the
    same time.
    """

    best: Score = field(default_factory=lambda: Score(-1.0, math.inf))
    best_epoch: int = -1
    weights: dict[str, torch.Tensor] = field(default_factory=dict)
    extension: dict[str, torch.Tensor] = field(default_factory=dict)
    replaced_by: str | None = None
    training_loss: list[float] = field(default_factory=list)
    validation: list[Score] = field(default_factory=list)


@dataclass(frozen=True)
class Training:
    """One model's training on a labeled set.

    ``order`` (CPU) draws the batches, ``augmentation`` (the images' device) is handed to the
    dataset's own training transform and to the regularizers. ``options`` are what the suite
    fixes of the optimizer. An ``extension`` is trained along, on what the network makes of
    each batch; its loss is added to the network's.
    """

    network: nn.Module
    labeled: Examples
    validation: Examples
    hyperparameters: Mapping[str, Value]
    regularizers: Sequence[Regularizer]
    order: torch.Generator
    augmentation: torch.Generator
    n_classes: int
    loss: Loss
    schedule: Schedule
    options: OptimizerOptions = PAPERS_OPTIONS
    extension: BuiltExtension | None = None

    def fit(self, epochs: int) -> Trained:
        """Train, keep the best weights on validation, then let regularizers offer theirs."""
        trained = Trained()
        rate = float(self.hyperparameters["learning-rate"])
        steps = n_batches(len(self.labeled), self._batch_size)

        def progress(step: int) -> Progress:
            factor = self.schedule.factor(step, steps, epochs)
            return Progress(rate * factor, step / (steps * epochs))

        def after_epoch(epoch: int, loss: torch.Tensor) -> None:
            score = evaluate(self.network, self.validation)
            trained.training_loss.append(float(loss))
            trained.validation.append(score)
            if score.is_better_than(trained.best):
                trained.best, trained.best_epoch = score, epoch
                self._keep(trained)

        self.loss.before_training(self.labeled.labels, self.n_classes)
        self._epochs(epochs, progress, after_step=_nothing, after_epoch=after_epoch)
        for regularizer in self.regularizers:
            self._offer(regularizer, trained)
        return trained

    def train(self, epochs: int, learning_rate: float, after_step: Callable[[], None]) -> None:
        """Train further for a regularizer (api.regularizer.Continuation)."""
        further = Progress(learning_rate, share=1.0)
        self._epochs(epochs, lambda step: further, after_step, after_epoch=lambda epoch, loss: None)

    def images(self) -> Iterator[torch.Tensor]:
        """The labeled images in batches of the trial's size, unaugmented, in [0, 1]."""
        for rows in batches(len(self.labeled), self._batch_size):
            yield self.labeled.images.batch(rows)

    @property
    def _batch_size(self) -> int:
        return int(self.hyperparameters["batch-size"])

    def _epochs(
        self,
        epochs: int,
        progress: Callable[[int], Progress],
        after_step: Callable[[], None],
        after_epoch: Callable[[int, torch.Tensor], None],
    ) -> None:
        optimizer = self._optimizer(progress(0).learning_rate)
        numbers = count()

        def step(rows: torch.Tensor) -> torch.Tensor:
            now = progress(next(numbers))
            for group in optimizer.param_groups:
                group["lr"] = now.learning_rate
            loss = self._loss(rows, now.share)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            for regularizer in self.regularizers:
                regularizer.after_step(self.network)
            after_step()
            return loss.detach()

        def between_epochs(epoch: int, loss: torch.Tensor) -> None:
            after_epoch(epoch, loss)
            self.network.train()

        self.network.train()
        run_epochs(
            epochs,
            lambda: batches(len(self.labeled), self._batch_size, self.order),
            step=step,
            after_epoch=between_epochs,
        )

    def _optimizer(self, learning_rate: float) -> torch.optim.Optimizer:
        trained = (
            [self.network] if self.extension is None else [self.network, self.extension.module]
        )
        parameters = (parameter for module in trained for parameter in module.parameters())
        return make_optimizer(
            parameters, learning_rate, self.hyperparameters, self.regularizers, self.options
        )

    def _loss(self, rows: torch.Tensor, progress: float) -> torch.Tensor:
        images = self.labeled.images.training_batch(rows, self.augmentation)
        labels = self.labeled.labels[rows.to(images.device)]
        for regularizer in self.regularizers:
            images = regularizer.augment(images, self.augmentation)
        images, targets = self._mixed(images, labels)
        loss = self._task_loss(images, targets, labels, progress)
        for regularizer in self.regularizers:
            penalty = regularizer.penalty(self.network)
            loss = loss if penalty is None else loss + penalty
        return loss

    def _mixed(
        self, images: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Images and soft targets as regularizers mix them, or the labels where none does."""
        mixing = [one for one in self.regularizers if type(one).mix is not Regularizer.mix]
        if not mixing:
            return images, labels
        targets = one_hot(labels, self.n_classes).float()
        for regularizer in mixing:
            images, targets = regularizer.mix(images, targets, self.augmentation)
        return images, targets

    def _task_loss(
        self, images: torch.Tensor, targets: torch.Tensor, labels: torch.Tensor, progress: float
    ) -> torch.Tensor:
        if self.extension is None:
            return self.loss.mean(self.network(images), targets)
        features, logits = features_and_logits(self.network, images)
        with torch.no_grad():
            losses = self.loss.per_image(logits, targets)
        batch = ExtensionBatch(features, logits, losses, labels, progress)
        extension = self.extension.extension.loss(self.extension.module, batch)
        return self.loss.mean(logits, targets) + extension

    def _keep(self, trained: Trained) -> None:
        trained.weights = copied_weights(self.network)
        if self.extension is not None:
            trained.extension = copied_weights(self.extension.module)

    def _offer(self, regularizer: Regularizer, trained: Trained) -> None:
        """Let a regularizer go on from the best weights; keep its weights if they are not worse."""
        self.network.load_state_dict(trained.weights)
        if self.extension is not None:
            self.extension.module.load_state_dict(trained.extension)
        offered = regularizer.after_training(self.network, self)
        if offered is None:
            return
        self.network.load_state_dict(offered)
        score = evaluate(self.network, self.validation)
        if score.accuracy >= trained.best.accuracy:
            trained.best, trained.replaced_by = score, type(regularizer).__name__
            self._keep(trained)


class Progress(NamedTuple):
    """Where a training is in a step: its learning rate, and the share of it that is over."""

    learning_rate: float
    share: float


def _nothing() -> None:
    """Nothing happens after a step."""


def evaluate(network: nn.Module, examples: Examples) -> Score:
    """Accuracy and loss in evaluation mode (in which the network is left)."""
    network.eval()
    device = examples.images.device
    hits = torch.zeros((), dtype=torch.int64, device=device)
    loss = torch.zeros((), dtype=torch.float64, device=device)
    size = examples.images.affordable(EVALUATION_BATCH)
    with torch.no_grad():
        for rows, images in examples.images.batches(size):
            logits, labels = network(images), examples.labels[rows]
            hits += (logits.argmax(dim=1) == labels).sum()
            loss += cross_entropy(logits, labels, reduction="sum")
    mean = float(loss) / len(examples)
    return Score(int(hits) / len(examples), mean if math.isfinite(mean) else math.inf)


def copied_weights(network: nn.Module) -> dict[str, torch.Tensor]:
    """A copy of weights and buffers that later training does not change."""
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

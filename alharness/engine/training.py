"""Training: one trial, through the one epoch loop, keeping the best weights on validation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from alharness.api.errors import UsageError
from alharness.api.loss import Loss
from alharness.api.regularizer import Regularizer
from alharness.api.schedule import Schedule
from alharness.api.space import Value
from alharness.engine.extension import BuiltExtension
from alharness.engine.images import Images
from alharness.engine.optimizers import PAPERS_OPTIONS, OptimizerOptions, make_optimizer
from alharness.engine.passes import AS_THE_NETWORK_DOES, Passes
from alharness.epochs import LEAST, batches, n_batches, run_epochs

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
    same time. Without a validation set there is no ``best`` score and no ``validation``, and the
    weights are those of the last epoch.
    """

    best: Score | None = None
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
    each batch; its loss is added to the network's. ``passes``: how the network's passes, those
    of validation too, are computed; losses are float32. Without a ``validation`` set nothing is
    evaluated, and the last epoch's weights count. ``drop_last``: of an epoch's batches a last one
    that is not whole is dropped, unless it is the only one.
    """

    network: nn.Module
    labeled: Examples
    validation: Examples | None
    hyperparameters: Mapping[str, Value]
    regularizers: Sequence[Regularizer]
    order: torch.Generator
    augmentation: torch.Generator
    n_classes: int
    loss: Loss
    schedule: Schedule
    options: OptimizerOptions = PAPERS_OPTIONS
    extension: BuiltExtension | None = None
    drop_last: bool = False
    passes: Passes = AS_THE_NETWORK_DOES

    def fit(self, epochs: int) -> Trained:
        """Train, keep the best weights on validation, then let regularizers offer theirs.

        Raises UsageError when a regularizer has an ``after_training`` and there is no validation
        set, which decides whether its weights are kept.
        """
        self._require_decidable()
        trained = Trained()
        rate = float(self.hyperparameters["learning-rate"])
        steps = n_batches(len(self.labeled), self._batch_size, self._least)

        def progress(step: int) -> Progress:
            factor = self.schedule.factor(step, steps, epochs)
            return Progress(rate * factor, step / (steps * epochs))

        def after_epoch(epoch: int, loss: torch.Tensor) -> None:
            trained.training_loss.append(float(loss))
            if self.validation is not None:
                self._compare(epoch, evaluate(self._computed, self.validation), trained)

        self.loss.before_training(self.labeled.labels, self.n_classes)
        self._epochs(epochs, progress, after_step=_nothing, after_epoch=after_epoch)
        if self.validation is None:
            trained.best_epoch = epochs - 1
            self._keep(trained)
        for regularizer in self._offering():
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

    @cached_property
    def _computed(self) -> nn.Module:
        """The network as its passes are computed."""
        return self.passes.of(self.network)

    @property
    def _batch_size(self) -> int:
        return int(self.hyperparameters["batch-size"])

    @property
    def _least(self) -> int:
        return self._batch_size if self.drop_last else LEAST

    def _epochs(
        self,
        epochs: int,
        progress: Callable[[int], Progress],
        after_step: Callable[[], None],
        after_epoch: Callable[[int, torch.Tensor], None],
    ) -> None:
        optimizer = self._optimizer(progress(0).learning_rate)
        numbers = count()

        def step(batch: tuple[torch.Tensor, torch.Tensor | None]) -> torch.Tensor:
            now = progress(next(numbers))
            for group in optimizer.param_groups:
                group["lr"] = now.learning_rate
            loss = self._loss(*batch, now.share)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            for regularizer in self.regularizers:
                regularizer.after_step(self.network)
            after_step()
            return loss.detach()

        def between_epochs(epoch: int, loss: torch.Tensor) -> None:
            after_epoch(epoch, loss)
            self._computed.train()

        self._computed.train()
        run_epochs(
            epochs,
            self._one_pass,
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

    def _one_pass(self) -> Iterator[tuple[torch.Tensor, torch.Tensor | None]]:
        """An epoch's batches, each with the one that follows it."""
        rows = batches(
            len(self.labeled),
            self._batch_size,
            self.order,
            self._least,
            self.labeled.images.rows_on,
        )
        now = next(rows, None)
        while now is not None:
            following = next(rows, None)
            yield now, following
            now = following

    def _loss(
        self, rows: torch.Tensor, following: torch.Tensor | None, progress: float
    ) -> torch.Tensor:
        images = self.labeled.images.training_batch(rows, self.augmentation)
        labels = self.labeled.labels[rows.to(images.device)]
        for regularizer in self.regularizers:
            images = regularizer.augment(images, self.augmentation)
        images, targets = self._mixed(images, labels)
        if following is not None:
            self.labeled.images.expect(following, self.augmentation)
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
            return self.loss.mean(self._computed(images), targets)
        batch = self.extension.batch(
            self._computed,
            images,
            lambda logits: self.loss.per_image(logits, targets),
            labels,
            progress,
        )
        extension = self.extension.extension.loss(self.extension.module, batch)
        return self.loss.mean(batch.logits, targets) + extension

    def _compare(self, epoch: int, score: Score, trained: Trained) -> None:
        """Keep the weights of an epoch where they are the best on validation so far."""
        trained.validation.append(score)
        if trained.best is None or score.is_better_than(trained.best):
            trained.best, trained.best_epoch = score, epoch
            self._keep(trained)

    def _keep(self, trained: Trained) -> None:
        trained.weights = copied_weights(self.network)
        if self.extension is not None:
            trained.extension = copied_weights(self.extension.module)

    def _offering(self) -> list[Regularizer]:
        """The regularizers that may offer weights after the training."""
        return [
            one
            for one in self.regularizers
            if type(one).after_training is not Regularizer.after_training
        ]

    def _require_decidable(self) -> None:
        offering = self._offering()
        if self.validation is None and offering:
            raise UsageError(
                f"{type(offering[0]).__name__} needs a validation set: it decides whether the "
                "weights that it offers are kept",
                where="validation_fraction = 0",
                remedy="Leave the regularizer out, or hold images back for validation",
            )

    def _offer(self, regularizer: Regularizer, trained: Trained) -> None:
        """Let a regularizer go on from the best weights; keep its weights if they are not worse."""
        self.network.load_state_dict(trained.weights)
        if self.extension is not None:
            self.extension.module.load_state_dict(trained.extension)
        offered = regularizer.after_training(self.network, self)
        if offered is None:
            return
        assert self.validation is not None
        assert trained.best is not None
        self.network.load_state_dict(offered)
        score = evaluate(self._computed, self.validation)
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
    hits, loss = hits_and_loss(network, examples)
    mean = float(loss) / len(examples)
    return Score(int(hits) / len(examples), mean if math.isfinite(mean) else math.inf)


def hits_and_loss(network: nn.Module, examples: Examples) -> tuple[torch.Tensor, torch.Tensor]:
    """How many are classified as labeled, int64, and the sum of their losses, float64.

    In evaluation mode; scalars on the images' device, and the host waits for nothing.
    """
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
    return hits, loss


def copied_weights(network: nn.Module) -> dict[str, torch.Tensor]:
    """A copy of weights and buffers that later training does not change."""
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

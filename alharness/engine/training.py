"""Training: one trial, through the one epoch loop, keeping the best weights on validation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from alharness.api.regularizer import Regularizer
from alharness.api.space import Value
from alharness.engine.images import Images
from alharness.epochs import batches, run_epochs

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


@dataclass
class Trained:
    """What a training leaves.

    ``weights`` are those of the earliest best epoch on validation, or a
    regularizer's own where these are not worse (then ``replaced_by`` names it).
    """

    best: Score = field(default_factory=lambda: Score(-1.0, math.inf))
    best_epoch: int = -1
    weights: dict[str, torch.Tensor] = field(default_factory=dict)
    replaced_by: str | None = None
    training_loss: list[float] = field(default_factory=list)
    validation: list[Score] = field(default_factory=list)


@dataclass(frozen=True)
class Training:
    """One model's training on a labeled set, with cross entropy at a constant learning rate.

    ``class_weights`` are (n_classes,), or None for equal ones. ``order`` (CPU) draws the
    batches, ``augmentation`` (the images' device) is handed to the dataset's own training
    transform and to the regularizers.
    """

    network: nn.Module
    labeled: Examples
    validation: Examples
    hyperparameters: Mapping[str, Value]
    regularizers: Sequence[Regularizer]
    order: torch.Generator
    augmentation: torch.Generator
    class_weights: torch.Tensor | None = None

    def fit(self, epochs: int) -> Trained:
        """Train, keep the best weights on validation, then let regularizers offer theirs."""
        trained = Trained()

        def after_epoch(epoch: int, loss: torch.Tensor) -> None:
            score = evaluate(self.network, self.validation)
            trained.training_loss.append(float(loss))
            trained.validation.append(score)
            if score.accuracy > trained.best.accuracy:
                trained.best, trained.best_epoch = score, epoch
                trained.weights = copied_weights(self.network)

        rate = float(self.hyperparameters["learning-rate"])
        self._epochs(epochs, rate, after_step=_nothing, after_epoch=after_epoch)
        for regularizer in self.regularizers:
            self._offer(regularizer, trained)
        return trained

    def train(self, epochs: int, learning_rate: float, after_step: Callable[[], None]) -> None:
        """Train further for a regularizer (api.regularizer.Continuation)."""
        self._epochs(epochs, learning_rate, after_step, after_epoch=lambda epoch, loss: None)

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
        learning_rate: float,
        after_step: Callable[[], None],
        after_epoch: Callable[[int, torch.Tensor], None],
    ) -> None:
        optimizer = make_optimizer(
            self.network, learning_rate, self.hyperparameters, self.regularizers
        )

        def step(rows: torch.Tensor) -> torch.Tensor:
            loss = self._loss(rows)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
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

    def _loss(self, rows: torch.Tensor) -> torch.Tensor:
        images = self.labeled.images.training_batch(rows, self.augmentation)
        labels = self.labeled.labels[rows.to(images.device)]
        for regularizer in self.regularizers:
            images = regularizer.augment(images, self.augmentation)
        loss = cross_entropy(self.network(images), labels, self.class_weights)
        for regularizer in self.regularizers:
            penalty = regularizer.penalty(self.network)
            loss = loss if penalty is None else loss + penalty
        return loss

    def _offer(self, regularizer: Regularizer, trained: Trained) -> None:
        """Let a regularizer go on from the best weights; keep its weights if they are not worse."""
        self.network.load_state_dict(trained.weights)
        offered = regularizer.after_training(self.network, self)
        if offered is None:
            return
        self.network.load_state_dict(offered)
        score = evaluate(self.network, self.validation)
        if score.accuracy >= trained.best.accuracy:
            trained.best, trained.weights = score, copied_weights(self.network)
            trained.replaced_by = type(regularizer).__name__


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


def inverse_frequencies(labels: torch.Tensor, n_classes: int) -> torch.Tensor:
    """Class weights that make classes of any size count the same: n / (C · n_c), (C,) float32.

    ``labels`` are (n,) int64 in [0, C); a class without images weighs 0.
    """
    counts = torch.bincount(labels, minlength=n_classes).float()
    return torch.where(counts > 0, len(labels) / (n_classes * counts), 0.0)


def make_optimizer(
    network: nn.Module,
    learning_rate: float,
    hyperparameters: Mapping[str, Value],
    regularizers: Sequence[Regularizer],
) -> torch.optim.Optimizer:
    """SGD with momentum 0.9, or Adam, with the options that regularizers ask for."""
    options = {
        name: value
        for regularizer in regularizers
        for name, value in regularizer.optimizer_options(hyperparameters).items()
    }
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if hyperparameters["optimizer"] == "sgd":
        return torch.optim.SGD(parameters, lr=learning_rate, momentum=0.9, fused=True, **options)
    return torch.optim.Adam(parameters, lr=learning_rate, fused=True, **options)

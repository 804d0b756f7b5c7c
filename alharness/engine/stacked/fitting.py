"""Trainings carried out in stacks, through the one epoch loop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import count

import torch

from alharness.api.errors import HarnessError
from alharness.engine.stacked.optimizers import make_stacked_optimizer
from alharness.engine.stacked.program import Program
from alharness.engine.stacked.slabs import sums
from alharness.engine.stacked.span import SpanProgram, in_span, spanned
from alharness.engine.stacked.training import StackedTraining, StackShape, stack_shape
from alharness.engine.training import Score, Trained
from alharness.epochs import batches, n_batches, run_epochs

CACHED_VALUES = 1 << 22
"""So many numbers of a stack are quickly at hand, 16 MiB: trainings that have more are parted."""

FEWEST = 8
"""Stacks of fewer trainings are not made for that reason."""

MOST_VALUES = 1 << 26
"""A stack of several trainings has no more numbers, 256 MiB."""


def can_be_stacked(device: torch.device, threads: int) -> bool:
    """Whether trainings on a device, with so many threads, can share a stack."""
    return device.type == "cpu" and threads == 1


@torch.no_grad()
def fit_stacked(
    trainings: Sequence[StackedTraining], epochs: int, sign: Callable[[], None] | None = None
) -> list[Trained]:
    """Train all; what each leaves, in their order, as of ``engine.training.Training.fit``.

    Trainings of one ``stack_shape`` share stacks. ``sign`` is called in each step. Raises
    HarnessError for what cannot be stacked, UsageError for an unknown optimizer.
    """
    if not can_be_stacked(torch.device("cpu"), torch.get_num_threads()):
        raise HarnessError(
            f"PyTorch has {torch.get_num_threads()} threads",
            where="a stack of trainings",
            remedy="Give it one thread: with more, results depend on what shares the stack",
        )
    trained: dict[int, Trained] = {}
    for shape, numbers in _stacks(trainings):
        stack = _Stack(shape, [trainings[number] for number in numbers], epochs, sign)
        trained |= zip(numbers, stack.fit(), strict=True)
    return [trained[number] for number in range(len(trainings))]


def _stacks(trainings: Sequence[StackedTraining]) -> Iterator[tuple[StackShape, list[int]]]:
    """Shapes, and the numbers of the trainings that share a stack: no more than it has room for."""
    alike: dict[StackShape, list[int]] = defaultdict(list)
    for number, training in enumerate(trainings):
        alike[stack_shape(training)].append(number)
    for shape, numbers in alike.items():
        values = (spanned(shape) if in_span(shape) else shape).values
        size = max(1, min(max(FEWEST, CACHED_VALUES // values), MOST_VALUES // values))
        for start in range(0, len(numbers), size):
            yield shape, numbers[start : start + size]


class _Stack:
    """Trainings of one shape while they are carried out."""

    def __init__(
        self,
        shape: StackShape,
        trainings: Sequence[StackedTraining],
        epochs: int,
        sign: Callable[[], None] | None,
    ) -> None:
        self._shape, self._trainings, self._epochs, self._sign = shape, trainings, epochs, sign
        self._program = (SpanProgram if in_span(shape) else Program)(shape, trainings)
        decay = torch.tensor([[training.decay] for training in trainings])
        self._optimizer = make_stacked_optimizer(shape, self._program.parameters, decay)
        self._rates = self._learning_rates()
        self._steps = count()
        self._trained = [Trained() for _ in trainings]
        self._best = self._program.parameters.clone()

    def fit(self) -> list[Trained]:
        """Train them all."""
        run_epochs(
            self._epochs,
            self._one_pass,
            step=self._step,
            after_epoch=self._after_epoch,
            mean=_means,
        )
        for number, trained in enumerate(self._trained):
            trained.weights = self._program.state(number, self._best[number])
        return self._trained

    def _one_pass(self) -> Iterator[torch.Tensor | None]:
        """Rows of each training's batches, (T, b); None for all of them, whose order is none."""
        shape = self._shape
        if shape.batch_size == shape.n_labeled:
            yield None
            return
        orders = (
            batches(shape.n_labeled, shape.batch_size, training.order, shape.least)
            for training in self._trainings
        )
        for rows in zip(*orders, strict=True):
            yield torch.stack(rows)

    def _step(self, rows: torch.Tensor | None) -> torch.Tensor:
        if self._sign is not None:
            self._sign()
        losses = self._program.step(rows)
        self._optimizer.step(self._program.gradients, self._rates[next(self._steps)])
        return losses

    def _after_epoch(self, epoch: int, losses: torch.Tensor) -> None:
        for trained, loss in zip(self._trained, losses.tolist(), strict=True):
            trained.training_loss.append(loss)
        if self._shape.n_validation:
            for number, score in enumerate(self._program.scores()):
                self._compare(number, epoch, score)
        elif epoch == self._epochs - 1:
            self._best.copy_(self._program.parameters)
            for trained in self._trained:
                trained.best_epoch = epoch

    def _compare(self, number: int, epoch: int, score: Score) -> None:
        """Keep a training's parameters where they are its best on validation so far."""
        trained = self._trained[number]
        trained.validation.append(score)
        if trained.best is None or score.is_better_than(trained.best):
            trained.best, trained.best_epoch = score, epoch
            self._best[number] = self._program.parameters[number]

    def _learning_rates(self) -> torch.Tensor:
        """Of each step and training, (steps, T, 1)."""
        steps = n_batches(self._shape.n_labeled, self._shape.batch_size, self._shape.least)

        def rate(training: StackedTraining, step: int) -> float:
            return training.learning_rate * training.schedule.factor(step, steps, self._epochs)

        return torch.tensor(
            [
                [[rate(training, step)] for training in self._trainings]
                for step in range(steps * self._epochs)
            ]
        )


def _means(losses: Sequence[torch.Tensor]) -> torch.Tensor:
    """Of an epoch's losses of images, (T, b) each: the mean of the batches' means, (T,)."""
    shares = torch.cat([of_batch / of_batch.shape[1] for of_batch in losses], dim=1)
    return sums(shares) / len(losses)

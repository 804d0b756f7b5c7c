"""Regularizers: what acts on data, model or metric while a model trains (paper, section 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from alharness.api.space import Space, Value

if TYPE_CHECKING:
    import torch
    from torch import nn


class Continuation(Protocol):
    """What a regularizer may do with a model after its training."""

    def train(self, epochs: int, learning_rate: float, after_step: Callable[[], None]) -> None:
        """Train the model further, in place, through the one epoch loop.

        Same labeled set, batch size, loss, optimizer and regularizers as before, the
        optimizer's state fresh, the learning rate constant; ``after_step`` is called after
        each batch.
        """
        ...

    def images(self) -> Iterator[torch.Tensor]:
        """The labeled images in their order, unaugmented, in the batches of ``alharness.epochs``.

        Each is (b, channels, height, width) in [0, 1]; a last one of one image is left out.
        """
        ...


class Regularizer:
    """Every method is optional and does nothing by default.

    One instance serves one trial. ``hyperparameters`` holds the trial's values
    of the names in ``search_space()`` and is set before anything else is called.
    """

    hyperparameters: Mapping[str, Value] = {}

    def search_space(self) -> Space:
        """Hyper-parameters that this regularizer owns; a suite may only narrow them."""
        return {}

    def wrap_model(self, model: nn.Module) -> nn.Module:
        """The model to train; keeps timm's interface.

        Its weights have the same names and shapes whatever the hyper-parameters are.
        """
        return model

    def augment(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Training images of one batch, (n, channels, height, width) in [0, 1], augmented.

        Randomness is per image and comes from ``generator`` (of the images' device).
        """
        return images

    def mix(
        self, images: torch.Tensor, targets: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Images and targets of one batch after all augmentation, mixed or softened.

        ``targets`` are (n, C) float32, rows that sum to one, and must stay so: one-hot for
        the first regularizer that mixes, what it returned for the next. ``images`` and
        ``generator`` are as in ``augment``; neither tensor is to be changed in place. Where
        no regularizer overrides this, the loss is given integer labels.
        """
        return images, targets

    def penalty(self, model: nn.Module) -> torch.Tensor | None:
        """A scalar to add to the loss of each batch, or None."""
        return None

    def optimizer_options(self, hyperparameters: Mapping[str, Value]) -> dict[str, Any]:
        """Keyword arguments for the optimizer's constructor."""
        return {}

    def after_step(self, model: nn.Module) -> None:
        """Called after every step of the optimizer, of continued trainings too.

        ``model`` may be read and changed, under ``torch.no_grad()``.
        """
        return

    def after_training(
        self, model: nn.Module, continuation: Continuation
    ) -> Mapping[str, torch.Tensor] | None:
        """Other weights for a trained model, or None.

        ``model`` holds the best weights on validation and may be trained further.
        The weights returned (a state dict) replace the best ones when their
        validation accuracy is not lower.
        """
        return None

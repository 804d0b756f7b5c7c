"""Optimizers of a stack: PyTorch's, with a learning rate and a weight decay for each training.

Sources: the algorithms in the documentation of ``torch.optim``, with its defaults: Adam (Kingma
and Ba, 2015), AdamW (Loshchilov and Hutter, 2019), RAdam (Liu et al., 2020), SGD with Nesterov's
momentum in the form of Sutskever et al. (2013).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch

from alharness.api.errors import UsageError
from alharness.engine.stacked.training import StackShape

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class StackedOptimizer(ABC):
    """Updates the parameters of T trainings, (T, S), in place.

    ``decay`` are their weight decays, (T, 1); None where nothing decays. A gradient is used up.
    """

    def __init__(self, parameters: torch.Tensor, decay: torch.Tensor | None) -> None:
        self.parameters = parameters
        self.decay = decay

    @abstractmethod
    def step(self, gradient: torch.Tensor, rate: torch.Tensor) -> None:
        """One step along a gradient, (T, S), with learning rates (T, 1)."""

    def _add_penalty(self, gradient: torch.Tensor) -> None:
        """Weight decay as the gradient of half the squared norm."""
        if self.decay is not None:
            gradient.addcmul_(self.parameters, self.decay)


class Sgd(StackedOptimizer):
    """SGD with momentum."""

    def __init__(
        self,
        parameters: torch.Tensor,
        decay: torch.Tensor | None,
        momentum: float,
        nesterov: bool,
    ) -> None:
        super().__init__(parameters, decay)
        self._momentum, self._nesterov = momentum, nesterov
        self._velocity = torch.zeros_like(parameters)

    def step(self, gradient: torch.Tensor, rate: torch.Tensor) -> None:
        """The first velocity is the first gradient, as zero momentum leaves it."""
        self._add_penalty(gradient)
        self._velocity.mul_(self._momentum).add_(gradient)
        direction = self._velocity
        if self._nesterov:
            direction = gradient.add_(self._velocity, alpha=self._momentum)
        self.parameters.addcmul_(direction, rate, value=-1)


class _Moments(StackedOptimizer):
    """What knows running means of the gradient and of its square, from zero."""

    def __init__(self, parameters: torch.Tensor, decay: torch.Tensor | None) -> None:
        super().__init__(parameters, decay)
        self._mean, self._square = torch.zeros_like(parameters), torch.zeros_like(parameters)
        self._steps = 0

    def _note(self, gradient: torch.Tensor) -> tuple[float, float]:
        """Let a gradient into the means; what they lack of one weight in all, 1 − βᵗ."""
        self._mean.lerp_(gradient, 1 - BETA1)
        self._square.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        self._steps += 1
        return 1 - BETA1**self._steps, 1 - BETA2**self._steps

    def _along_mean(
        self, buffer: torch.Tensor, rate: torch.Tensor, first: float, second: float
    ) -> None:
        """A step along mean over root, both corrected for their start; ``buffer`` is used up."""
        root = math.sqrt(second)
        torch.sqrt(self._square, out=buffer).add_(EPSILON * root)
        torch.div(self._mean, buffer, out=buffer)
        self.parameters.addcmul_(buffer, rate * (root / first), value=-1)


class Adam(_Moments):
    """Adam; weight decay is part of the gradient."""

    def step(self, gradient: torch.Tensor, rate: torch.Tensor) -> None:
        """Along the gradient's running mean, over the root of that of its square."""
        self._add_penalty(gradient)
        self._along_mean(gradient, rate, *self._note(gradient))


class AdamW(_Moments):
    """Adam; weight decay makes the parameters smaller by itself."""

    def step(self, gradient: torch.Tensor, rate: torch.Tensor) -> None:
        """Adam's, after the decay."""
        if self.decay is not None:
            self.parameters.mul_(1 - rate * self.decay)
        self._along_mean(gradient, rate, *self._note(gradient))


class RAdam(_Moments):
    """RAdam; weight decay is part of the gradient."""

    def step(self, gradient: torch.Tensor, rate: torch.Tensor) -> None:
        """Along the mean alone while the variance of the square's root is not tractable."""
        self._add_penalty(gradient)
        first, second = self._note(gradient)
        longest = 2 / (1 - BETA2) - 1
        length = longest - 2 * self._steps * (1 - second) / second
        if length <= 5:
            self.parameters.addcmul_(self._mean, rate / first, value=-1)
            return
        rectification = math.sqrt(
            (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
        )
        self._along_mean(gradient, rate * rectification, first, second)


def make_stacked_optimizer(
    shape: StackShape, parameters: torch.Tensor, decay: torch.Tensor
) -> StackedOptimizer:
    """The optimizer of a shape, for parameters (T, S) with weight decays (T, 1).

    Raises UsageError when there is no such optimizer.
    """
    decays = decay if shape.decays else None
    match shape.optimizer:
        case "sgd":
            return Sgd(parameters, decays, shape.momentum, shape.nesterov)
        case "adam":
            return Adam(parameters, decays)
        case "adamw":
            return AdamW(parameters, decays)
        case "radam":
            return RAdam(parameters, decays)
        case unknown:
            raise UsageError(
                f"there is no optimizer '{unknown}'", where="hyper-parameter optimizer"
            )

"""Optimizers: a trial's, with the options that the suite fixes and those of regularizers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from alharness.api.errors import UsageError
from alharness.api.regularizer import Regularizer
from alharness.api.space import Value


@dataclass(frozen=True)
class OptimizerOptions:
    """What a suite fixes of its optimizers: momentum and Nesterov's are SGD's alone."""

    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0


PAPERS_OPTIONS = OptimizerOptions()
"""SGD with momentum 0.9 and no weight decay but a regularizer's."""


def make_optimizer(
    parameters: Iterable[nn.Parameter],
    learning_rate: float,
    hyperparameters: Mapping[str, Value],
    regularizers: Sequence[Regularizer],
    options: OptimizerOptions = PAPERS_OPTIONS,
) -> torch.optim.Optimizer:
    """The optimizer that the hyper-parameters name, for what of the parameters is trained.

    Raises UsageError when the suite fixes a weight decay and a regularizer sets another.
    """
    asked = _asked(hyperparameters, regularizers, options)
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    match hyperparameters["optimizer"]:
        case "sgd":
            momentum = {"momentum": options.momentum, "nesterov": options.nesterov}
            return torch.optim.SGD(trained, learning_rate, fused=True, **{**momentum, **asked})
        case "adam":
            return torch.optim.Adam(trained, learning_rate, fused=True, **asked)
        case "adamw":
            return torch.optim.AdamW(trained, learning_rate, fused=True, **asked)
        case "radam":
            return torch.optim.RAdam(trained, learning_rate, **asked)
        case unknown:
            raise UsageError(
                f"there is no optimizer '{unknown}'", where="hyper-parameter optimizer"
            )


def _asked(
    hyperparameters: Mapping[str, Value],
    regularizers: Sequence[Regularizer],
    options: OptimizerOptions,
) -> dict[str, Any]:
    """Weight decay, and what regularizers ask for."""
    asked: dict[str, Any] = {"weight_decay": options.weight_decay}
    for regularizer in regularizers:
        wanted = regularizer.optimizer_options(hyperparameters)
        if options.weight_decay and "weight_decay" in wanted:
            raise UsageError(
                f"training.weight_decay = {options.weight_decay:g} is fixed, and "
                f"{type(regularizer).__name__} sets {wanted['weight_decay']:g}",
                remedy="Leave one of them out of the suite",
            )
        asked |= wanted
    return asked

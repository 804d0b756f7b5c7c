"""``swa``: stochastic weight averaging after training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic import Field

import alharness

if TYPE_CHECKING:
    import torch
    from torch import nn


class SwaParameters(alharness.Parameters):
    """Parameters of ``swa``."""

    epochs: int = Field(50, ge=1, description="epochs trained further, from the best weights")
    learning_rate: float = Field(
        5e-4, gt=0, description="constant learning rate of these epochs; for ImageNet 1e-5"
    )
    frequency: int = Field(50, ge=1, description="iterations from one snapshot to the next")


class Swa(alharness.Regularizer):
    """Averages snapshots of further epochs and re-estimates batch norm's statistics.

    Sources: Izmailov et al. (2018); learning rate and frequency from Munjal et al.
    (2022), section 5; 50 epochs and the start from the selected model from their
    published code, which differs in that it goes on with the optimizer's state,
    drops class weights, re-estimates batch norm's statistics on augmented images
    and weighs each batch by its size there, not each batch alike.

    The first snapshot is that of iteration ``frequency``; the weights started from
    are not averaged. With fewer iterations in all there is no snapshot, and the best
    weights stay.
    """

    def __init__(self, epochs: int = 50, learning_rate: float = 5e-4, frequency: int = 50) -> None:
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.frequency = frequency

    def after_training(
        self, model: nn.Module, continuation: alharness.Continuation
    ) -> Mapping[str, torch.Tensor] | None:
        from torch.optim.swa_utils import AveragedModel, update_bn

        average = AveragedModel(model)
        iterations = 0

        def after_step() -> None:
            nonlocal iterations
            iterations += 1
            if iterations % self.frequency == 0:
                average.update_parameters(model)

        continuation.train(self.epochs, self.learning_rate, after_step)
        if iterations < self.frequency:
            return None
        update_bn(continuation.images(), average)
        return average.module.state_dict()


@alharness.hookimpl
def alharness_regularizers() -> Iterator[alharness.RegularizerSpec]:
    yield alharness.RegularizerSpec(
        "swa",
        Swa,
        summary="Stochastic weight averaging over 50 further epochs, kept if not worse",
        citation="Izmailov et al. (2018); Munjal et al. (2022), sections 3 and 5",
        requires="Nothing of the model; networks without batch norm are averaged just the same.",
        cost="`epochs` further epochs of every trial, a pass over the labeled set for batch norm,"
        " and one over the validation set.",
        parameters=SwaParameters,
    )

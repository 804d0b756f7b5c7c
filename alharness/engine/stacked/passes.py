"""Passes of images through the networks of a stack, and back."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from alharness.engine.stacked.layers import Layer
from alharness.engine.stacked.slabs import ROW, slabs, whole


def row_length(n_in: int) -> int:
    """Columns of a layer's weights: its inputs, the constant one that the bias weighs, filling."""
    return whole(n_in + 1, ROW)


def row(inputs: torch.Tensor, constant: torch.Tensor | float) -> torch.Tensor:
    """Inputs of a layer, or its weights, (n, n_in), with the constant's, (n,), behind them.

    Filled up with zeros: (n, ``row_length(n_in)``).
    """
    n_rows, n_in = inputs.shape
    rows = torch.zeros(n_rows, row_length(n_in))
    rows[:, :n_in] = inputs
    rows[:, n_in] = constant
    return rows


class Pass:
    """A pass of n images of each of T trainings through their networks.

    ``layers`` are what the networks consist of, ``weights`` a layer's, (T, n_out, columns) each;
    ``inputs``, (T, n, columns), are read whenever the pass is made. What the images become is kept
    with images along columns: (T, units, n), n filled up to a slab.
    """

    def __init__(
        self, layers: Sequence[Layer], weights: Sequence[torch.Tensor], inputs: torch.Tensor
    ) -> None:
        self.layers, self.weights = layers, weights
        self.n_trainings, self.n_images = inputs.shape[:2]
        self.inputs = inputs
        self.hidden = [self._units(row_length(layer.n_in)) for layer in layers[1:]]
        for layer, units in zip(layers[1:], self.hidden, strict=True):
            units[:, layer.n_in, : self.n_images] = 1
        self.logits = self._units(layers[-1].n_out)
        starts = torch.arange(self.n_trainings)[:, None] * self.logits[0].numel()
        self._places = starts + torch.arange(self.n_images)
        self.entering = [inputs.mT, *(units[:, :, : self.n_images] for units in self.hidden)]
        leaving = [
            units[:, : layer.n_out, : self.n_images]
            for layer, units in zip(layers, [*self.hidden, self.logits], strict=True)
        ]
        self._products = [
            list(zip(weight, units, products, strict=True))
            for weight, units, products in zip(weights, self.entering, leaving, strict=True)
        ]

    def forward(self) -> torch.Tensor:
        """Logits, (T, C, n filled up)."""
        for number, products in enumerate(self._products):
            self.prepare(number)
            for weight, entering, leaving in products:
                torch.mm(weight, entering, out=leaving)
        return self.logits

    def targets(self, labels: torch.Tensor) -> torch.Tensor:
        """Where in the logits, flat, each image's own class is, (T · n,); labels are (T, n)."""
        length = self.logits.shape[2]
        return (self._places + labels * length).view(-1)

    def losses(self, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Cross entropies of the images of the last pass, (T, n), and all log-likelihoods."""
        likelihoods = torch.log_softmax(self.logits, dim=1)
        own = likelihoods.view(-1).index_select(0, targets)
        return own.neg_().view(self.n_trainings, self.n_images), likelihoods

    def prepare(self, number: int) -> None:
        """What the inputs of a layer go through before it."""
        if self.layers[number].rectified:
            self.hidden[number - 1].relu_()

    def _units(self, n_units: int) -> torch.Tensor:
        return slabs(self.n_trainings, n_units, whole(self.n_images))

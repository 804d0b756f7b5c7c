"""A pass in training mode, and back by the chain rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch

from alharness.engine.stacked.layers import Layer
from alharness.engine.stacked.masks import Masks
from alharness.engine.stacked.passes import Pass
from alharness.engine.stacked.slabs import slabs


class TrainingPass(Pass):
    """A pass in training mode, and back: it leaves ``gradients``, shaped as the weights.

    ``given`` are the inputs before dropout, for which each training has a generator.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        weights: Sequence[torch.Tensor],
        inputs: torch.Tensor,
        gradients: Sequence[torch.Tensor],
        generators: Sequence[torch.Generator],
    ) -> None:
        super().__init__(layers, weights, slabs(*inputs.shape) if layers[0].dropout else inputs)
        self.given = inputs
        self._minus_one = torch.full((self.n_trainings * self.n_images,), -1.0)
        self._masks = [
            self._masks_of(number, layer, generators) if layer.dropout else None
            for number, layer in enumerate(layers)
        ]
        self._back = [torch.zeros_like(self._of_inputs(number)) for number in range(1, len(layers))]
        self._positive = [torch.zeros_like(back) for back in self._back]
        errors = [back[:, :, : self.n_images] for back in [*self._back, self.logits]]
        self._gradients = [
            list(zip(error, entering.mT, gradient, strict=True))
            for error, entering, gradient in zip(errors, self.entering, gradients, strict=True)
        ]
        self._errors = [
            list(zip(weight[:, :, : layer.n_in].mT, after, before, strict=True))
            for weight, layer, after, before in zip(
                weights[1:], layers[1:], errors[1:], errors, strict=False
            )
        ]

    def prepare(self, number: int) -> None:
        """ReLU and dropout."""
        super().prepare(number)
        masks = self._masks[number]
        if masks is None:
            return
        if number == 0:
            torch.mul(self.given, masks.draw(), out=self.inputs)
        else:
            self.hidden[number - 1].mul_(masks.draw())

    def step(self, targets: torch.Tensor) -> torch.Tensor:
        """Losses of the images, (T, n), cross entropy; then the gradients of their mean.

        ``targets`` are as ``targets`` gives them.
        """
        self.forward()
        losses, likelihoods = self.losses(targets)
        torch.exp(likelihoods, out=self.logits)
        self.logits.view(-1).index_add_(0, targets, self._minus_one)
        self.logits.mul_(1 / self.n_images)
        for number in reversed(range(1, len(self.layers))):
            self._multiply(self._gradients[number])
            self._multiply(self._errors[number - 1])
            self._through_inputs(number)
        self.first_gradient()
        return losses

    def first_gradient(self) -> None:
        """The gradient of the first layer's weights, of the errors behind it."""
        self._multiply(self._gradients[0])

    def _through_inputs(self, number: int) -> None:
        """Errors back through what a layer's inputs went through."""
        back, inputs, masks = self._back[number - 1], self._of_inputs(number), self._masks[number]
        if self.layers[number].rectified:
            back.mul_(torch.gt(inputs, 0, out=self._positive[number - 1]))
        if masks is not None:
            back.mul_(masks.kept[:, : self.layers[number].n_in])

    def _of_inputs(self, number: int) -> torch.Tensor:
        """The inputs of a layer without the constant, (T, n_in, n filled up)."""
        return self.hidden[number - 1][:, : self.layers[number].n_in]

    def _masks_of(self, number: int, layer: Layer, generators: Sequence[torch.Generator]) -> Masks:
        if number == 0:
            kept = torch.zeros_like(self.inputs)
            return Masks(kept, kept[:, :, layer.n_in], layer.dropout, generators)
        kept = torch.zeros_like(self.hidden[number - 1])
        return Masks(kept, kept[:, layer.n_in], layer.dropout, generators)

    @staticmethod
    def _multiply(products: Iterable[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]) -> None:
        for left, right, product in products:
            torch.mm(left, right, out=product)

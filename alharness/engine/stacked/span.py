"""Linear layers trained by SGD, as sums of the images they are trained on.

SGD on a linear layer with weights W₀ at first moves each class's weights along labeled images, and
weight decay and momentum keep them where they are: in the span of the labeled images' rows X and of
W₀'s own. So they are A · [X; W₀] with a small A, (C, n + C), that starts as [0 | I]; the logits of
an image x are A · ([X; W₀] · x), and these products are made once. The gradient of an image's own
column of A is the error of its logits, and no product: A follows the same recursion as the weights
would. It is the same training up to rounding; a step costs n + C instead of D.

(Kernel methods train so: Kivinen, Smola and Williamson, Online Learning with Kernels, 2004, section
II; here with the weights of the initialization among the images.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from alharness.engine.stacked.program import Program, Rows, Start
from alharness.engine.stacked.slabs import ROW, whole
from alharness.engine.stacked.training import StackShape
from alharness.engine.stacked.training_pass import TrainingPass


def in_span(shape: StackShape) -> bool:
    """Whether trainings of this shape are to be carried out so."""
    layer = shape.layers[0]
    linear = len(shape.layers) == 1 and not layer.dropout
    return linear and shape.optimizer == "sgd" and shape.n_labeled + layer.n_out <= layer.n_in


def spanned(shape: StackShape) -> StackShape:
    """The shape of what such trainings are carried out as: a layer of n + C inputs."""
    layer = shape.layers[0]
    return replace(shape, layers=(replace(layer, n_in=shape.n_labeled + layer.n_out),))


class SpanProgram(Program):
    """A program whose parameters are the coefficients A of each training."""

    def expressed(self, start: Start) -> Start:
        """Rows as their products with [X; W₀], and A = [0 | I]."""
        weights, labeled = start.weights[0], start.labeled
        self._basis = torch.cat([labeled.features, weights], dim=1)
        n_classes, n_basis = weights.shape[1], self._basis.shape[1]
        initial = torch.zeros(len(weights), n_classes, whole(n_basis, ROW))
        initial[:, :, labeled.labels.shape[1] : n_basis] = torch.eye(n_classes)
        validation = None if start.validation is None else self._products(start.validation)
        return Start(self._products(labeled), validation, [initial])

    def step(self, rows: torch.Tensor | None) -> torch.Tensor:
        """The gradient is the errors themselves, each in its image's column."""
        losses = super().step(rows)
        one, (gradient,) = self.training_pass(losses.shape[1]), self.slopes.matrices
        errors = one.logits[:, :, : one.n_images]
        gradient.zero_()
        if rows is None:
            gradient[:, :, : one.n_images] = errors
        else:
            gradient.scatter_(2, rows[:, None].expand_as(errors), errors)
        return losses

    def layer_weights(
        self, number: int, parameters: Sequence[torch.Tensor]
    ) -> Sequence[torch.Tensor]:
        """A · [X; W₀]."""
        basis = self._basis[number]
        return [torch.mm(parameters[0][:, : len(basis)], basis)]

    def make_pass(self, inputs: torch.Tensor) -> TrainingPass:
        """One that leaves the errors."""
        return _PassOfErrors(
            self.shape.layers, self.weights.matrices, inputs, self.slopes.matrices, []
        )

    def _products(self, rows: Rows) -> Rows:
        n_trainings, n_images = rows.labels.shape
        n_basis = self._basis.shape[1]
        products = torch.zeros(n_trainings, n_images, whole(n_basis, ROW))
        for features, basis, product in zip(rows.features, self._basis, products, strict=True):
            torch.mm(features, basis.T, out=product[:, :n_basis])
        return Rows(products, rows.labels)


class _PassOfErrors(TrainingPass):
    """A pass that leaves the errors of the logits, and no gradient."""

    def first_gradient(self) -> None:
        """Nothing: the errors say it all."""

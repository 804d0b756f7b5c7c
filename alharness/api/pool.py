"""What a sampler sees: the pool, without hidden labels, indices or test images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias

from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from torch import nn

Subset: TypeAlias = Literal["unlabeled", "labeled", "held-out"]
"""Which of a run's images: those that a query may pick, those whose label is known, or, for upper
bounds, those that the suite holds out of every pool."""

Hidden: TypeAlias = Literal["unlabeled", "held-out"]
"""Images whose label is hidden, and shown to upper bounds alone."""

Masks: TypeAlias = Literal["per-pass", "per-image"]
"""Whether all images of a pass meet one dropout mask, or each one of its own."""


class GradientFactors(NamedTuple):
    """The gradient of each image's loss in the last layer's weights, as an outer product.

    For image *i* it is ``outer(errors[i], embeddings[i])``, (C, D), which is never formed:
    its inner product with that of *j* is ``(errors[i] @ errors[j]) *
    (embeddings[i] @ embeddings[j])``.

    errors: probabilities less the one-hot of the predicted class, (n, C).
    embeddings: penultimate features, (n, D).
    """

    errors: torch.Tensor
    embeddings: torch.Tensor


class Pool(Protocol):
    """The labeled set and the unlabeled images of one run at one cycle.

    Where samplers choose what runs start from, a sampler that declares ``Needs(model=False)`` is
    also asked for that, before any training: then ``n_labeled`` is 0, and whatever asks a model
    (``logits`` and what is computed from it, ``head``, ``model``) raises HarnessError.

    The subset ``"held-out"`` is for upper bounds: images that the suite holds out of every pool
    (``protocol.held_out``), of each class its share. Asking for it raises HarnessError for a
    sampler that declares no ``Needs(sees_labels=True)``, and where nothing is held out.

    Everything is computed when first asked for, once, unless stated otherwise.
    Tensors are float32 on ``device``, without gradients, unless stated otherwise,
    and rows of all of them agree: row *p* of ``embeddings()`` is the image at row
    *p* of ``images()``. Rows are in a random order drawn from the run's seed, so
    that no order leaks labels.
    """

    @property
    def n_unlabeled(self) -> int:
        """Number of images a query may pick from."""
        ...

    @property
    def n_labeled(self) -> int:
        """Number of images whose label is known."""
        ...

    @property
    def n_classes(self) -> int:
        """Number of classes, C."""
        ...

    @property
    def device(self) -> torch.device:
        """Where tensors live."""
        ...

    def images(
        self, subset: Subset = "unlabeled", rows: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Images, (n, channels, height, width) in [0, 1]: unaugmented, unnormalized.

        All of the subset, or those at ``rows``, (n,) int64: a batch for samplers that
        train something (through ``alharness.epochs``).
        """
        ...

    def minibatches(
        self, subset: Subset = "unlabeled", size: int = 256
    ) -> Iterator[tuple[slice, torch.Tensor]]:
        """``images(subset)`` in slices of at most ``size`` rows, as (rows, images)."""
        ...

    def labels(self) -> torch.Tensor:
        """Labels of the labeled set as the oracle gave them, (n_labeled,), int64."""
        ...

    @property
    def cycle(self) -> int:
        """Number of the run's cycle, 0 for the one that trained on the initial set.

        0 as well where the initial set is still to be chosen: then ``n_labeled`` is 0.
        """
        ...

    def labeled_in(self) -> torch.Tensor:
        """The first cycle that trained on each labeled image, (n_labeled,) int64.

        0 for the initial set, drawn or chosen, *c* for what the query of cycle *c* - 1 picked:
        values are in [0, cycle].
        """
        ...

    def numbers(self, subset: Subset = "unlabeled") -> torch.Tensor:
        """A number for each image, (n,) int64 in [0, 2⁶³), by which it is known again.

        Different images have different numbers, and each keeps its own over all cycles of
        the run, in every subset. They are drawn from the run's seed and say nothing of
        dataset index or class; another run has others.
        """
        ...

    def stored(self) -> Mapping[str, NDArray[Any]]:
        """Copies of the arrays that the sampler's last query of this run set as ``stored``.

        Empty at its first query and after one that stored nothing.
        """
        ...

    def hidden_labels(self, subset: Hidden = "unlabeled") -> torch.Tensor:
        """True labels of the unlabeled images, or of those held out, (n,) int64.

        Raises HarnessError for a sampler that declares no ``Needs(sees_labels=True)``.
        """
        ...

    def logits(self, subset: Subset = "unlabeled") -> torch.Tensor:
        """The task model's outputs before softmax, evaluation mode, (n, C)."""
        ...

    def probabilities(self, subset: Subset = "unlabeled") -> torch.Tensor:
        """Softmax of ``logits(subset)``, (n, C), rows sum to one."""
        ...

    def embeddings(self, subset: Subset = "unlabeled") -> torch.Tensor:
        """Penultimate features of the task model, evaluation mode, (n, D)."""
        ...

    def levels(self, subset: Subset = "unlabeled") -> tuple[torch.Tensor, ...]:
        """What the task model computes on its way, evaluation mode, (n, D_i) each.

        Of the feature maps (n, D_i, side, side), side 2 or more, that its modules hand on, the last
        of each side, averaged over all positions, the largest side first; and at the end the
        penultimate features, (n, D), in place of the last map where they are its average. Of
        ResNet-18 on 32 x 32 pixels: 64, 128, 256 and 512 wide, after each of its four stages.
        On features, and of a network that has no such maps, ``embeddings()`` alone.
        """
        ...

    def representation(self, subset: Subset = "unlabeled") -> torch.Tensor:
        """Features by the representation that the sampler declares, (n, D).

        Raises HarnessError for a sampler that declares no ``Needs(representation=...)``.
        """
        ...

    def head(self) -> nn.Module:
        """A copy of the task model's last layer, evaluation mode: (n, D) to (n, C).

        Takes ``embeddings()`` and gives ``logits()``, up to rounding. Gradients flow through
        it, to what it is given and to its parameters.

        Raises HarnessError when the model has no such layer (see ``Model.build``).
        """
        ...

    def gradient_factors(self, subset: Subset = "unlabeled") -> GradientFactors:
        """The factors of the last layer's gradient under the predicted class.

        Source: the gradient embedding of Ash et al. (2020), BADGE, section 3.
        """
        ...

    def mc_probabilities(
        self, passes: int, masks: Masks = "per-pass"
    ) -> Iterator[tuple[slice, torch.Tensor]]:
        """Class probabilities of the unlabeled images under Monte-Carlo dropout.

        Yields (rows, probabilities) for slices of m rows in order, which together are
        all rows; probabilities are (passes, m, C). Dropout samples, everything else is in
        evaluation mode. Masks are drawn from torch's global generator; another call draws
        others. ``"per-pass"``: pass *t* is one network, its masks the same for every image of
        every slice. ``"per-image"``: each image of each pass meets masks of its own, as in a
        network in training mode (the published code of Munjal et al., 2022).

        Raises HarnessError, when the first slice is asked for, if the task model has no
        dropout or ``passes`` is less than one.
        """
        ...

    def committee_probabilities(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Class probabilities of the unlabeled images by each member of the committee.

        Yields (rows, probabilities) for slices of m rows in order, which together are
        all rows; probabilities are (members, m, C), evaluation mode. The task model is no
        member.

        Raises HarnessError, when the first slice is asked for, if the sampler declares no
        ``Needs(committee=...)``.
        """
        ...

    def model(self) -> nn.Module:
        """A copy of the task model in evaluation mode; takes images in [0, 1]."""
        ...

    def previous_model(self) -> nn.Module | None:
        """A copy of the model of the cycle before, or None in cycle 0."""
        ...

    def previous_probabilities(self, subset: Subset = "unlabeled") -> torch.Tensor | None:
        """What ``previous_model()`` says of images, or features: (n, C), or None in cycle 0."""
        ...

    def extension(self) -> nn.Module:
        """A copy of the module that was trained together with the task model, evaluation mode.

        Raises HarnessError for a sampler that declares no ``Needs(extension=...)``.
        """
        ...

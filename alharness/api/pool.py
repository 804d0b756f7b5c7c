"""What a sampler sees: the pool, without hidden labels, indices or test images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    import torch
    from torch import nn

Subset: TypeAlias = Literal["unlabeled", "labeled"]


class Pool(Protocol):
    """The labeled set and the unlabeled images of one run at one cycle.

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

    def logits(self, subset: Subset = "unlabeled") -> torch.Tensor:
        """The task model's outputs before softmax, evaluation mode, (n, C)."""
        ...

    def probabilities(self, subset: Subset = "unlabeled") -> torch.Tensor:
        """Softmax of ``logits(subset)``, (n, C), rows sum to one."""
        ...

    def embeddings(self, subset: Subset = "unlabeled") -> torch.Tensor:
        """Penultimate features of the task model, evaluation mode, (n, D)."""
        ...

    def mc_probabilities(self, passes: int) -> Iterator[tuple[slice, torch.Tensor]]:
        """Class probabilities of the unlabeled images under Monte-Carlo dropout.

        Yields (rows, probabilities) for slices of m rows in order, which together are
        all rows; probabilities are (passes, m, C). Dropout samples, everything else is in
        evaluation mode. Pass *t* is one network: its dropout masks, drawn from torch's
        global generator, are the same for every image of every slice. Another call draws
        other masks.

        Raises HarnessError, when the first slice is asked for, if the task model has no
        dropout or ``passes`` is less than one.
        """
        ...

    def committee_probabilities(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Class probabilities of the unlabeled images by each member of the committee.

        Yields (rows, probabilities) for slices of m rows in order, which together are
        all rows; probabilities are (committee_size, m, C), evaluation mode. The task model
        is no member.

        Raises HarnessError, when the first slice is asked for, if the sampler declares no
        ``committee_size``.
        """
        ...

    def model(self) -> nn.Module:
        """A copy of the task model in evaluation mode; takes images in [0, 1]."""
        ...

    def previous_model(self) -> nn.Module | None:
        """A copy of the model of the cycle before, or None in cycle 0."""
        ...

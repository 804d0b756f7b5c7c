"""The pool that samplers are given: computes only what is asked for, once."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import torch
from torch import nn

from alharness.api.errors import HarnessError
from alharness.api.pool import Subset
from alharness.engine.dropout import DropoutMasks
from alharness.engine.images import Images
from alharness.engine.network import Network

BATCH = 512


class ImagePool:
    """An alharness.Pool over some images of a dataset.

    ``unlabeled`` and ``labeled`` are in the order that the sampler sees.
    """

    def __init__(
        self,
        unlabeled: Images,
        labeled: Images,
        labels: torch.Tensor,
        n_classes: int,
        network: Network,
        previous: Network | None,
        committee: Sequence[Network] = (),
    ) -> None:
        self._images: dict[Subset, Images] = {"unlabeled": unlabeled, "labeled": labeled}
        self._labels = labels
        self._n_classes = n_classes
        self._network = network.eval()
        self._previous = None if previous is None else previous.eval()
        self._committee = [member.eval() for member in committee]
        self._outputs: dict[Subset, tuple[torch.Tensor, torch.Tensor]] = {}

    @property
    def n_unlabeled(self) -> int:
        """Number of images a query may pick from."""
        return len(self._images["unlabeled"])

    @property
    def n_labeled(self) -> int:
        """Number of images whose label is known."""
        return len(self._images["labeled"])

    @property
    def n_classes(self) -> int:
        """Number of classes, C."""
        return self._n_classes

    @property
    def device(self) -> torch.device:
        """Where tensors live."""
        return self._images["unlabeled"].device

    def images(
        self, subset: Subset = "unlabeled", rows: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Images in [0, 1], (n, channels, height, width) float32: all, or those at ``rows``."""
        return self._images[subset].batch(slice(None) if rows is None else rows)

    def minibatches(
        self, subset: Subset = "unlabeled", size: int = 256
    ) -> Iterator[tuple[slice, torch.Tensor]]:
        """``images(subset)`` in slices of at most ``size`` rows."""
        yield from self._images[subset].batches(size)

    def labels(self) -> torch.Tensor:
        """Labels of the labeled set, (n_labeled,) int64."""
        return self._labels.clone()

    def logits(self, subset: Subset = "unlabeled") -> torch.Tensor:
        """The task model's logits, (n, C)."""
        return self._forward(subset)[0].clone()

    def probabilities(self, subset: Subset = "unlabeled") -> torch.Tensor:
        """Softmax of the logits, (n, C)."""
        return self._forward(subset)[0].softmax(dim=1)

    def embeddings(self, subset: Subset = "unlabeled") -> torch.Tensor:
        """Penultimate features, (n, D)."""
        return self._forward(subset)[1].clone()

    def mc_probabilities(self, passes: int) -> Iterator[tuple[slice, torch.Tensor]]:
        """Probabilities under Monte-Carlo dropout, (passes, m, C) for each slice of m rows."""
        if passes < 1:
            raise HarnessError(
                f"{passes} passes", where="Monte-Carlo dropout", remedy="Ask for at least one"
            )
        masks = DropoutMasks()
        for rows, images in self._affordable("unlabeled"):
            yield rows, self._sampled(images, passes, masks)

    def committee_probabilities(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Probabilities by each member, (members, m, C) for each slice of m rows."""
        if not self._committee:
            raise HarnessError(
                "the sampler has none",
                where="committee",
                remedy="Set committee_size on the sampler's class or instance",
            )
        for rows, images in self._affordable("unlabeled"):
            with torch.no_grad():
                logits = torch.stack([member(images) for member in self._committee])
            yield rows, logits.softmax(dim=-1)

    def model(self) -> nn.Module:
        """A copy of the task model, evaluation mode."""
        return copy.deepcopy(self._network)

    def previous_model(self) -> nn.Module | None:
        """A copy of the model of the cycle before, or None."""
        return copy.deepcopy(self._previous)

    def _affordable(self, subset: Subset) -> Iterator[tuple[slice, torch.Tensor]]:
        images = self._images[subset]
        return images.batches(images.affordable(BATCH))

    def _forward(self, subset: Subset) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits and penultimate features in one pass."""
        if subset not in self._outputs:
            outputs: list[torch.Tensor] = []
            with torch.no_grad():
                for rows, images in self._affordable(subset):
                    features = self._network.forward_features(images)
                    embeddings = self._network.forward_head(features, pre_logits=True).flatten(1)
                    batch = [self._network.forward_head(features), embeddings]
                    if not outputs:
                        # Filled in place: batches joined at the end would be held twice.
                        n = len(self._images[subset])
                        outputs = [part.new_empty((n, part.shape[1])) for part in batch]
                    for whole, part in zip(outputs, batch, strict=True):
                        whole[rows] = part
            self._outputs[subset] = outputs[0], outputs[1]
        return self._outputs[subset]

    @torch.no_grad()
    def _sampled(self, images: torch.Tensor, passes: int, masks: DropoutMasks) -> torch.Tensor:
        """Probabilities of a batch, (passes, m, C). Raises HarnessError without dropout."""
        probabilities = []
        with masks:
            features = None
            for number in range(passes):
                masks.begin(number)
                if features is None:
                    features = self._network.forward_features(images)
                features_vary = masks.sampled > 0
                logits = self._network.forward_head(features)
                if masks.sampled == 0:
                    raise HarnessError(
                        "the task model has no dropout, or only with probability 0",
                        where="Monte-Carlo dropout",
                        remedy="Give the model dropout (parameter 'dropout' of the built-in "
                        "models, e.g. dropout = 0.5), or take a sampler that needs none",
                    )
                probabilities.append(logits.softmax(dim=1))
                if features_vary:
                    features = None
        return torch.stack(probabilities)

"""The pool that samplers are given: computes only what is asked for, once."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import one_hot

from alharness.api.errors import HarnessError
from alharness.api.needs import SCENARIO
from alharness.api.pool import GradientFactors, Hidden, Masks, Subset
from alharness.engine.dropout import DropoutMasks, MasksPerImage
from alharness.engine.features import HeldFeatures, require_images
from alharness.engine.head import head_of
from alharness.engine.images import Images
from alharness.engine.levels import levels_of
from alharness.engine.network import Network

BATCH = 512
HEAD_ROWS = 64
"""So many images show whether the last layer gives the network's logits."""


@dataclass(frozen=True)
class RunSoFar:
    """Where in its run a query is asked. Arrays are in the order that the sampler sees.

    labeled_in: the first cycle that trained on each labeled image, (n_labeled,) int64.
    numbers: of the images of each subset, (n,) int64.
    stored: what the sampler stored at its last query of this run.
    """

    cycle: int
    labeled_in: NDArray[np.int64]
    numbers: Mapping[Subset, NDArray[np.int64]]
    stored: Mapping[str, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Granted:
    """What only a sampler that declares it is given; see ``alharness.Needs``.

    own_features: of each subset, by the representation that it asks for by name.
    held_out: the images that are held out of every pool.
    hidden_labels: of images in the order that the sampler sees, (n,) int64.
    """

    committee: Sequence[Network] = ()
    extension: nn.Module | None = None
    representation: str | None = None
    own_features: Mapping[Subset, HeldFeatures] | None = None
    held_out: Images | None = None
    hidden_labels: Mapping[Hidden, torch.Tensor] = field(default_factory=dict)


class ImagePool:
    """An alharness.Pool over some images of a dataset.

    ``unlabeled`` and ``labeled`` are in the order that the sampler sees. Without a ``network``,
    before any training, whatever asks a model raises HarnessError.
    """

    def __init__(
        self,
        unlabeled: Images,
        labeled: Images,
        labels: torch.Tensor,
        n_classes: int,
        network: Network | None,
        previous: Network | None,
        *,
        run: RunSoFar | None = None,
        granted: Granted | None = None,
    ) -> None:
        self._images: dict[Subset, Images] = {"unlabeled": unlabeled, "labeled": labeled}
        self._labels = labels
        self._n_classes = n_classes
        self._trained = None if network is None else network.eval()
        self._previous = None if previous is None else previous.eval()
        self._run = run or _start_of_a_run(len(unlabeled), len(labeled))
        self._granted = granted or Granted()
        if self._granted.held_out is not None:
            self._images["held-out"] = self._granted.held_out
        for module in (*self._granted.committee, self._granted.extension):
            if module is not None:
                module.eval()
        self._outputs: dict[Subset, tuple[torch.Tensor, torch.Tensor]] = {}
        self._levels: dict[Subset, tuple[torch.Tensor, ...]] = {}

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
        shown = self._of(subset)
        require_images(shown)
        return shown.batch(slice(None) if rows is None else rows)

    def minibatches(
        self, subset: Subset = "unlabeled", size: int = 256
    ) -> Iterator[tuple[slice, torch.Tensor]]:
        """``images(subset)`` in slices of at most ``size`` rows."""
        shown = self._of(subset)
        require_images(shown)
        yield from shown.batches(size)

    def labels(self) -> torch.Tensor:
        """Labels of the labeled set, (n_labeled,) int64."""
        return self._labels.clone()

    @property
    def cycle(self) -> int:
        """Number of the run's cycle."""
        return self._run.cycle

    def labeled_in(self) -> torch.Tensor:
        """The first cycle that trained on each labeled image, (n_labeled,) int64."""
        return torch.tensor(self._run.labeled_in, device=self.device)

    def numbers(self, subset: Subset = "unlabeled") -> torch.Tensor:
        """A number for each image, the same over a run's cycles, (n,) int64."""
        self._of(subset)
        return torch.tensor(self._run.numbers[subset], device=self.device)

    def stored(self) -> Mapping[str, NDArray[Any]]:
        """Copies of what the sampler stored at its last query of this run."""
        return {name: array.copy() for name, array in self._run.stored.items()}

    def hidden_labels(self, subset: Hidden = "unlabeled") -> torch.Tensor:
        """Labels of the unlabeled images or of those held out, (n,) int64, for who may see them."""
        if not self._granted.hidden_labels:
            raise _undeclared("hidden labels", "sees_labels=True")
        self._of(subset)
        return self._granted.hidden_labels[subset].clone()

    def logits(self, subset: Subset = "unlabeled") -> torch.Tensor:
        """The task model's logits, (n, C)."""
        return self._forward(subset)[0].clone()

    def probabilities(self, subset: Subset = "unlabeled") -> torch.Tensor:
        """Softmax of the logits, (n, C)."""
        return self._forward(subset)[0].softmax(dim=1)

    def embeddings(self, subset: Subset = "unlabeled") -> torch.Tensor:
        """Penultimate features, (n, D)."""
        return self._forward(subset)[1].clone()

    def levels(self, subset: Subset = "unlabeled") -> tuple[torch.Tensor, ...]:
        """What the network computes on its way, (n, D_i) each."""
        if subset not in self._levels:
            batches, n = self._affordable(subset), len(self._of(subset))
            self._levels[subset] = levels_of(self._network, batches, n)
        return tuple(level.clone() for level in self._levels[subset])

    def representation(self, subset: Subset = "unlabeled") -> torch.Tensor:
        """Features by the representation that the sampler declares, (n, D)."""
        if self._granted.representation is None:
            raise _undeclared("representation", 'representation="task-model"')
        own, shown = self._granted.own_features, self._of(subset)
        if own is not None:
            return own[subset].batch(slice(None)).clone()
        if self._granted.representation == SCENARIO:
            if shown.width is None:
                raise HarnessError("the scenario trains on images", where="representation")
            return shown.batch(slice(None)).clone()
        return self.embeddings(subset)

    def head(self) -> nn.Module:
        """A copy of the task model's last layer, (n, D) to (n, C), with gradients."""
        logits, embeddings = self._forward("unlabeled")
        return head_of(self._network, embeddings[:HEAD_ROWS], logits[:HEAD_ROWS])

    def gradient_factors(self, subset: Subset = "unlabeled") -> GradientFactors:
        """Probabilities less the predicted class's one-hot, (n, C), and embeddings, (n, D)."""
        probabilities = self.probabilities(subset)
        predicted = one_hot(probabilities.argmax(dim=1), self._n_classes)
        return GradientFactors(probabilities - predicted, self.embeddings(subset))

    def mc_probabilities(
        self, passes: int, masks: Masks = "per-pass"
    ) -> Iterator[tuple[slice, torch.Tensor]]:
        """Probabilities under Monte-Carlo dropout, (passes, m, C) for each slice of m rows."""
        if passes < 1:
            raise HarnessError(
                f"{passes} passes", where="Monte-Carlo dropout", remedy="Ask for at least one"
            )
        sampling = DropoutMasks() if masks == "per-pass" else MasksPerImage()
        network = self._network
        for rows, images in self._affordable("unlabeled"):
            yield rows, self._sampled(network, images, passes, sampling)

    def committee_probabilities(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Probabilities by each member, (members, m, C) for each slice of m rows."""
        if not self._granted.committee:
            raise _undeclared("committee", "committee=...")
        for rows, images in self._affordable("unlabeled"):
            with torch.no_grad():
                logits = torch.stack([member(images) for member in self._granted.committee])
            yield rows, logits.softmax(dim=-1)

    def model(self) -> nn.Module:
        """A copy of the task model, evaluation mode."""
        return copy.deepcopy(self._network)

    def previous_model(self) -> nn.Module | None:
        """A copy of the model of the cycle before, or None."""
        return copy.deepcopy(self._previous)

    def previous_probabilities(self, subset: Subset = "unlabeled") -> torch.Tensor | None:
        """Softmax of the previous model's logits, (n, C), or None."""
        if self._previous is None:
            return None
        whole = torch.empty((len(self._of(subset)), self._n_classes), device=self.device)
        with torch.no_grad():
            for rows, images in self._affordable(subset):
                whole[rows] = self._previous(images).softmax(dim=1)
        return whole

    def extension(self) -> nn.Module:
        """A copy of the module that was trained together with the task model."""
        if self._granted.extension is None:
            raise _undeclared("training extension", "extension=...")
        return copy.deepcopy(self._granted.extension)

    def _of(self, subset: Subset) -> Images:
        """Raises HarnessError where nothing is held out, or not for this sampler."""
        if subset not in self._images:
            raise HarnessError(
                "no images are held out for the sampler",
                where=f"the pool's subset '{subset}'",
                remedy="Set needs = alharness.Needs(sees_labels=True, held_out=...), and "
                "protocol.held_out in the suite",
            )
        return self._images[subset]

    @property
    def _network(self) -> Network:
        """The task model. Raises HarnessError before the first training."""
        if self._trained is None:
            raise HarnessError(
                "no model is trained before the first query",
                where="the pool",
                remedy="Ask for images or for a representation while nothing is labeled "
                "(n_labeled is 0), or declare needs = alharness.Needs(model=True)",
            )
        return self._trained

    def _affordable(self, subset: Subset) -> Iterator[tuple[slice, torch.Tensor]]:
        images = self._of(subset)
        return images.batches(images.affordable(BATCH))

    def _forward(self, subset: Subset) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits and penultimate features in one pass."""
        if subset not in self._outputs:
            network = self._network
            outputs: list[torch.Tensor] = []
            with torch.no_grad():
                for rows, images in self._affordable(subset):
                    features = network.forward_features(images)
                    embeddings = network.forward_head(features, pre_logits=True).flatten(1)
                    batch = [network.forward_head(features), embeddings]
                    if not outputs:
                        # Filled in place: batches joined at the end would be held twice.
                        n = len(self._of(subset))
                        outputs = [part.new_empty((n, part.shape[1])) for part in batch]
                    for whole, part in zip(outputs, batch, strict=True):
                        whole[rows] = part
            self._outputs[subset] = outputs[0], outputs[1]
        return self._outputs[subset]

    @torch.no_grad()
    def _sampled(
        self, network: Network, images: torch.Tensor, passes: int, masks: DropoutMasks
    ) -> torch.Tensor:
        """Probabilities of a batch, (passes, m, C). Raises HarnessError without dropout."""
        probabilities = []
        with masks:
            features = None
            for number in range(passes):
                masks.begin(number)
                if features is None:
                    features = network.forward_features(images)
                features_vary = masks.sampled > 0
                logits = network.forward_head(features)
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


def _start_of_a_run(n_unlabeled: int, n_labeled: int) -> RunSoFar:
    """A first query's, images being numbered as they come."""
    return RunSoFar(
        cycle=0,
        labeled_in=np.zeros(n_labeled, dtype=np.int64),
        numbers={
            "unlabeled": np.arange(n_unlabeled),
            "labeled": np.arange(n_unlabeled, n_unlabeled + n_labeled),
        },
    )


def _undeclared(what: str, declaration: str) -> HarnessError:
    return HarnessError(
        "the sampler has none, since it declares none",
        where=what,
        remedy=f"Set needs = alharness.Needs({declaration}) on its class or instance",
    )

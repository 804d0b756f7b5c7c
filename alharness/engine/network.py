"""Networks: a model with its regularizers' wrapping and its normalization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from alharness.api.errors import ContractViolation
from alharness.api.model import Model
from alharness.api.regularizer import Regularizer
from alharness.api.space import Value
from alharness.engine.extension import parted
from alharness.engine.images import Images
from alharness.engine.plugins import Plugins
from alharness.protocol.units import Identity, parts
from alharness.store.checkpoints import load_weights

STATISTICS_BATCH = 1024


class Network(nn.Module):
    """A model that takes images in [0, 1], or features, and normalizes them itself.

    It has timm's interface. ``mean`` and ``deviation`` are (channels, 1, 1), of features (D,).
    """

    def __init__(self, model: nn.Module, mean: torch.Tensor, deviation: torch.Tensor) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("scale", 1 / deviation)
        self.register_buffer("shift", -mean / deviation)

    @property
    def num_features(self) -> int:
        """Width of the penultimate features, D."""
        return int(self.model.num_features)  # type: ignore[arg-type]

    def normalized(self, images: torch.Tensor) -> torch.Tensor:
        """Images, or features, minus mean, over deviation."""
        return torch.addcmul(self.shift, images, self.scale)  # type: ignore[arg-type]

    def forward_features(self, images: torch.Tensor) -> torch.Tensor:
        """What the model computes before its head."""
        return self.model.forward_features(self.normalized(images))  # type: ignore[operator, no-any-return]

    def forward_head(self, features: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        """Logits, (n, C), or penultimate features, (n, D)."""
        return self.model.forward_head(features, pre_logits=pre_logits)  # type: ignore[operator, no-any-return]

    def get_classifier(self) -> nn.Module | None:
        """The model's last layer; None for a model that offers none."""
        offered = getattr(self.model, "get_classifier", None)
        return None if offered is None else offered()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits, (n, C)."""
        return self.model(self.normalized(images))  # type: ignore[no-any-return]


def make_regularizers(
    plugins: Plugins, identities: Sequence[Identity], hyperparameters: Mapping[str, Value]
) -> list[Regularizer]:
    """The regularizers of a unit, in their order, with the trial's hyper-parameters."""
    regularizers = [plugins.create("regularizer", identity) for identity in identities]
    for regularizer in regularizers:
        regularizer.hyperparameters = hyperparameters
    return regularizers


def make_network(
    plugins: Plugins,
    described: parts.Network,
    regularizers: Sequence[Regularizer],
    width: int | None = None,
    statistics: tuple[torch.Tensor, torch.Tensor] | None = None,
) -> Network:
    """A freshly initialized network as a unit's inputs describe it.

    ``width`` is that of the features which it is given instead of images, None for images.
    ``statistics`` are as ``channel_statistics`` gives them; without them what it is
    given is taken as it is (weights that are loaded afterwards bring their own).
    Initialization draws from torch's global generators.
    """
    model: Model = plugins.create("model", described.model)
    channels = described.in_channels if width is None else width
    side = described.image_size if width is None else 1
    built = model.build(described.n_classes, channels, side)
    for needed in ("forward_features", "forward_head", "num_features"):
        if not hasattr(built, needed):
            raise ContractViolation(
                f"the built module has no {needed}",
                where=plugins.component("model", described.model).origin,
                remedy="Give it timm's interface: "
                "forward, forward_features, forward_head, num_features",
            )
    for regularizer in regularizers:
        built = regularizer.wrap_model(built)
    shape = (channels, 1, 1) if width is None else (channels,)
    mean, deviation = statistics or (torch.zeros(shape), torch.ones(shape))
    return Network(built, mean, deviation)


def trained_network(
    plugins: Plugins,
    described: parts.Network,
    hyperparameters: Mapping[str, Value],
    checkpoint: Path,
    device: torch.device,
    width: int | None = None,
) -> Network:
    """The network that a unit's inputs describe, with the weights in a file, evaluation mode."""
    regularizers = make_regularizers(plugins, described.regularizers, hyperparameters)
    network = make_network(plugins, described, regularizers, width)
    weights, _ = parted(load_weights(checkpoint))
    network.load_state_dict(weights)
    return network.to(device).eval()


def channel_statistics(images: Images) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and deviation per channel of images in [0, 1], (channels, 1, 1) each, float32.

    Of features they are per feature, (D,). A channel that is constant gets the deviation one.
    """
    total = square = torch.zeros((), dtype=torch.float64)
    pixels = 0
    for _, batch in images.batches(images.affordable(STATISTICS_BATCH)):
        exact = batch.double()
        dimensions = (0, *range(2, exact.ndim))
        total = total + exact.sum(dim=dimensions, keepdim=True)[0]
        square = square + (exact**2).sum(dim=dimensions, keepdim=True)[0]
        pixels += exact[:, 0].numel()
    mean = total / pixels
    deviation = (square / pixels - mean**2).clamp(min=0).sqrt()
    deviation[deviation < 1e-6] = 1
    return mean.float(), deviation.float()

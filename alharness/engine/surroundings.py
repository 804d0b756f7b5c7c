"""What every kind of unit computes with, and what it gives back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.engine.features import checked_features, hold_features
from alharness.engine.images import Images, ToldImages, open_images
from alharness.engine.plugins import Plugins
from alharness.engine.training import Examples
from alharness.protocol.seeds import SeedPath
from alharness.store.workspace import Workspace


@dataclass(frozen=True)
class Computed:
    """A unit's result, the files to lie beside its record, and facts beside those of every unit."""

    result: dict[str, Any]
    beside: Mapping[str, bytes] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Surroundings:
    """The workspace that a unit reads from, the plugins, the device; what each batch tells.

    ``decoders`` are the threads that decode images where these are decoded when they are needed.
    """

    workspace: Workspace
    plugins: Plugins
    device: torch.device
    sign: Callable[[], None] | None = None
    decoders: int = 1

    def images(
        self, split: str, indices: NDArray[np.int64], device: torch.device | None = None
    ) -> Images:
        """Images of a split at these positions, on the unit's device unless another is given."""
        source = self.workspace.datasets.images(split)
        return open_images(source, indices, device or self.device, self.decoders)

    def examples(
        self,
        split: str,
        indices: NDArray[np.int64],
        labels: NDArray[np.int64],
        features: str | None = None,
    ) -> Examples:
        """Images of a split at these positions, with these labels.

        Or their features, where ``features`` is the key of the unit that computed these.
        """
        images = (
            self.images(split, indices)
            if features is None
            else hold_features(checked_features(self.workspace, features), indices, self.device)
        )
        if self.sign is not None:
            images = ToldImages(images, self.sign)
        return Examples(images, torch.from_numpy(labels).to(self.device))


def generator(path: SeedPath, device: torch.device) -> torch.Generator:
    """A torch generator at the start of a path's stream."""
    return torch.Generator(device).manual_seed(path.torch_seed())


def finite(value: float) -> float | None:
    """JSON has no infinity: a loss that is not finite is recorded as None."""
    return value if math.isfinite(value) else None

"""Features that a unit works on: held in the device's memory as rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.api.errors import HarnessError
from alharness.engine.images import Images
from alharness.store.features import open_features
from alharness.store.workspace import Workspace


class HeldFeatures(Images):
    """Features of some images, (n, D) float32, in place of the images themselves."""

    def __init__(self, features: torch.Tensor) -> None:
        super().__init__(features.device)
        self._features = features

    def __len__(self) -> int:
        return len(self._features)

    @property
    def width(self) -> int:
        """D."""
        return self._features.shape[1]

    @property
    def rows_on(self) -> torch.device:
        """Where the features are."""
        return self.device

    def batch(self, rows: torch.Tensor | slice) -> torch.Tensor:
        """Features at these rows, (b, D)."""
        return self._features[rows.to(self.device) if isinstance(rows, torch.Tensor) else rows]


def hold_features(folder: Path, positions: NDArray[np.int64], device: torch.device) -> HeldFeatures:
    """The features in a folder of the images at these positions, (len(positions), D)."""
    rows = open_features(folder)[positions]
    return HeldFeatures(torch.from_numpy(rows).to(device))


def checked_features(workspace: Workspace, unit: str) -> Path:
    """The folder of the features that a unit computed.

    Raises CheckpointMissing when they are absent or damaged, HarnessError without a record.
    """
    record = workspace.records.read("representation", unit)
    if record is None:
        raise HarnessError("the representation's record is not there", where=unit)
    return workspace.features.checked(unit, record.result["features"])


def require_images(images: Images) -> None:
    """Raises HarnessError for features, where a sampler asks for the images themselves."""
    if isinstance(images, HeldFeatures):
        raise HarnessError(
            "the scenario trains on features, and its pool has no images",
            where="the pool's images",
            remedy="Use Pool.representation; a sampler that cannot do without images declares "
            "needs = alharness.Needs(images=True)",
        )

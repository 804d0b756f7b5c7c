"""The kit's images, and a network that is trained on them in milliseconds."""

from __future__ import annotations

import functools

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from alharness.engine.images import HeldImages
from alharness.engine.network import Network
from alharness.engine.randomness import controlled
from alharness.engine.training import Examples
from alharness.testing.training import SETTINGS, tiny_training

N_CLASSES = 4
SIDE = 8


def draw_images(
    n: int, rng: np.random.Generator, channels: int = 1, side: int = SIDE
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Noisy images of four patterns: (n, channels, side, side) uint8, and (n,) int64 labels.

    The patterns are always the same.
    """
    patterns = np.random.default_rng(7).integers(40, 216, (N_CLASSES, channels, side, side))
    labels = rng.integers(N_CLASSES, size=n)
    noisy = patterns[labels] + rng.normal(scale=60, size=(n, channels, side, side))
    return noisy.clip(0, 255).astype(np.uint8), labels.astype(np.int64)


class SmallNetwork(nn.Module):
    """Two convolutions with batch norm, their mean over positions, dropout, a linear layer."""

    num_features = 16

    def __init__(self, n_classes: int, in_channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(in_channels, 8, 3, stride=2, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, self.num_features, 3, stride=2, padding=1),
            nn.ReLU(),
        )
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(self.num_features, n_classes)

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """Feature maps, (n, 16, side / 4, side / 4)."""
        maps: torch.Tensor = self.body(x)
        return maps

    def forward_head(self, x: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        """Logits, (n, n_classes), or penultimate features, (n, 16)."""
        features = x.mean(dim=(2, 3))
        return features if pre_logits else self.head(self.dropout(features))

    def get_classifier(self) -> nn.Module:
        """The linear layer."""
        return self.head

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits, (n, n_classes)."""
        return self.forward_head(self.forward_features(x))


class FeatureNetwork(SmallNetwork):
    """The same on features: a hidden layer in place of the convolutions."""

    def __init__(self, n_classes: int, width: int) -> None:
        super().__init__(n_classes, 1)
        self.body = nn.Sequential(nn.Linear(width, self.num_features), nn.ReLU())

    def forward_head(self, x: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        """Logits, (n, n_classes), or penultimate features, (n, 16)."""
        return x if pre_logits else self.head(self.dropout(x))


@functools.cache
def trained_network(seed: int) -> Network:
    """A SmallNetwork for grey images, trained for a moment; not to be changed."""
    rng = np.random.default_rng(seed)
    images, labels = draw_images(64, rng)
    examples = Examples(HeldImages(torch.from_numpy(images)), torch.from_numpy(labels))
    with controlled(seed):
        network = Network(SmallNetwork(N_CLASSES, 1), torch.full((1,), 0.5), torch.full((1,), 0.25))
        training = tiny_training(network, examples, N_CLASSES, SETTINGS, seed=seed)
        network.load_state_dict(training.fit(epochs=6).weights)
    return network.eval()

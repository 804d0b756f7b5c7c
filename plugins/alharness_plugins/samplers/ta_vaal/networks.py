"""VAAL's networks, which are told ranks."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from alharness_plugins.samplers.parts.adversarial.networks import HIDDEN, Vae


class RankedVae(Vae):
    """VAAL's autoencoder, whose decoder is given a rank beside the latent vector."""

    def __init__(self, in_channels: int, side: int, latent: int, width: int) -> None:
        super().__init__(in_channels, side, latent, width)
        without_rank = self.decoder[0]
        assert isinstance(without_rank, nn.Linear)
        self.decoder[0] = _linear(latent + 1, without_rank.out_features)

    def reconstructed(
        self, images: torch.Tensor, ranks: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Reconstruction from a sample of the latent distribution, its mean and log variance.

        ``ranks``: (n,) in [0, 1]. The sample is drawn from torch's global generators.
        """
        mean, log_variance = self.encode(images)
        sample = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        return self.decoder(torch.cat([sample, ranks[:, None]], dim=1)), mean, log_variance


class RankedDiscriminator(nn.Module):
    """Two hidden layers of 512 with ReLU; returns the logit of "labeled"."""

    def __init__(self, latent: int) -> None:
        super().__init__()
        sizes = [latent + 1, HIDDEN, HIDDEN]
        hidden = [layer for pair in pairwise(sizes) for layer in (_linear(*pair), nn.ReLU())]
        self.layers = nn.Sequential(*hidden, _linear(HIDDEN, 1))

    def forward(self, means: torch.Tensor, ranks: torch.Tensor) -> torch.Tensor:
        """Logits, (n,), of latent means, (n, latent), and ranks, (n,)."""
        logits: torch.Tensor = self.layers(torch.cat([means, ranks[:, None]], dim=1))
        return logits.squeeze(1)


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """He normal weights by fan-in, biases zero, as VAAL's linear layers begin."""
    layer = nn.Linear(inputs, outputs)
    nn.init.kaiming_normal_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer

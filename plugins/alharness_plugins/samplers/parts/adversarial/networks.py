"""VAAL's networks: a variational autoencoder and a discriminator of its latent means."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

import alharness

HIDDEN = 512
SMALLEST = 4


def sides_of(side: int) -> list[int]:
    """Sides of an image and of its feature maps: halved, rounded down, until 2 or 3.

    Never 1, so that batch norm has a variance even of one image. Raises
    HarnessError when ``side`` is less than 4.
    """
    if side < SMALLEST:
        raise alharness.HarnessError(
            f"images of {side} × {side} pixels",
            where="the VAE",
            remedy=f"Its encoder needs at least {SMALLEST} × {SMALLEST}",
        )
    sides = [side]
    while sides[-1] >= SMALLEST:
        sides.append(sides[-1] // 2)
    return sides


class Vae(nn.Module):
    """A convolutional variational autoencoder whose depth follows the image's side.

    32 × 32 is the published network: convolutions of 128, 256, 512 and 1024 channels
    (4 × 4, stride 2, batch norm, ReLU) to 1024 × 2 × 2, and the mirror image from
    1024 × 4 × 4 up. Other sides have as many convolutions as ``sides_of`` says, with
    at most ``8 * width`` channels; the decoder meets odd sides by one row and column of
    output padding. Initial weights as published: He's for the encoder's
    convolutions and the decoder's linear layer, PyTorch's own elsewhere.
    """

    def __init__(self, in_channels: int, side: int, latent: int, width: int) -> None:
        super().__init__()
        sides = sides_of(side)
        depth = len(sides) - 1
        channels = [width * 2 ** min(k, 3) for k in range(depth)]
        features = channels[-1] * sides[-1] ** 2
        self.encoder = nn.Sequential(
            *(_halving(*pair) for pair in pairwise([in_channels, *channels])), nn.Flatten()
        )
        self.mean = nn.Linear(features, latent)
        self.log_variance = nn.Linear(features, latent)
        doublings = zip(pairwise(reversed(channels)), pairwise(reversed(sides[:-1])), strict=True)
        self.decoder = nn.Sequential(
            nn.Linear(latent, channels[-1] * sides[-2] ** 2),
            nn.Unflatten(1, (channels[-1], sides[-2], sides[-2])),
            *(_doubling(*pair, odd=large - 2 * small) for pair, (small, large) in doublings),
            nn.ConvTranspose2d(width, in_channels, 1),
        )
        _initialize(self.encoder, self.decoder)

    def encode(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log variance of the latent distribution, (n, latent) each."""
        features = self.encoder(images)
        return self.mean(features), self.log_variance(features)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Reconstruction from a sample of the latent distribution, its mean and log variance."""
        mean, log_variance = self.encode(images)
        sample = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        return self.decoder(sample), mean, log_variance


class Discriminator(nn.Module):
    """Four hidden layers of 512 with ReLU; returns the logit of "labeled"."""

    def __init__(self, latent: int) -> None:
        super().__init__()
        sizes = [latent, *[HIDDEN] * 4]
        hidden = [layer for pair in pairwise(sizes) for layer in (nn.Linear(*pair), nn.ReLU())]
        self.layers = nn.Sequential(*hidden, nn.Linear(HIDDEN, 1))
        _initialize(self.layers)

    def forward(self, means: torch.Tensor) -> torch.Tensor:
        """Logits, (n,), of latent means, (n, latent)."""
        logits: torch.Tensor = self.layers(means)
        return logits.squeeze(1)


def _halving(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def _doubling(inputs: int, outputs: int, odd: int) -> nn.Sequential:
    """Twice the side, and one more where that was rounded down (``odd`` 1)."""
    return nn.Sequential(
        nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, output_padding=odd, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def _initialize(*parts: nn.Module) -> None:
    """He normal weights by fan-in, biases zero, of linear layers and convolutions."""
    for module in (module for part in parts for module in part.modules()):
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)

"""What ``vaal``, ``ta-vaal`` and ``sraal`` share: the game of a VAE and a discriminator."""

from __future__ import annotations

from pydantic import Field

import alharness


class GameParameters(alharness.Parameters):
    """Parameters of the game; batch size and epochs are those that VAAL's authors ran."""

    latent: int = Field(32, ge=1, description="dimensions of the latent space")
    width: int = Field(
        128, ge=1, description="channels of the first convolution; later ones double, up to 8 times"
    )
    batch_size: int = Field(128, ge=1, description="images of each set in a batch")
    epochs: int = Field(100, ge=1, description="times (labeled + unlabeled) / batch_size steps")
    learning_rate: float = Field(5e-4, gt=0, description="of Adam, for VAE and discriminator")
    beta: float = Field(1.0, ge=0, description="weight of the KL divergence")
    adversary_weight: float = Field(
        1.0, ge=0, description="weight of deceiving the discriminator in the VAE's loss"
    )

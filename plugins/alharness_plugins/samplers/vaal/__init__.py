"""VAAL: images that a discriminator tells from the labeled ones, in a VAE's latent space."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

import alharness
from alharness_plugins.samplers.parts.adversarial import GameParameters

if TYPE_CHECKING:
    import torch


class VaalParameters(GameParameters):
    """Parameters of ``vaal``. VAAL's authors ran batch_size 128, epochs 100, vae_steps 2."""

    batch_size: int = Field(64, ge=1, description="images of each set in a batch")
    epochs: int = Field(15, ge=1, description="epochs of (labeled + unlabeled) / batch_size steps")
    vae_steps: int = Field(1, ge=1, description="steps of the VAE in an iteration")
    adversary_steps: int = Field(1, ge=1, description="steps of the discriminator in an iteration")
    reduction: Literal["per-image", "torchal"] = Field(
        "per-image",
        description="'per-image': squared error and KL are sums over an image, averaged over a "
        "batch, as in the paper; 'torchal': mean squared error beside the KL's sum over the "
        "batch, as in the published code",
    )


class Vaal(alharness.ScoreSampler):
    """Scores how sure the discriminator is that an image is unlabeled.

    Source: Sinha, Ebrahimi and Darrell (2019), with networks and settings of Munjal et
    al.'s (2022) published code. A VAE encodes labeled and unlabeled images; a
    discriminator learns to tell the labeled ones by their latent means; the VAE learns
    to make it say "labeled" of all. Trained on un-augmented images, apart from the task
    model, without labels, anew for each query.

    Differs from the published code in the VAE's loss. There the squared error is a mean over
    pixels and images, the KL divergence a sum over latent dimensions and images:
    against the paper's equation 1, where both belong to one image, the KL weighs
    batch_size · pixels too much, and the latent means say nothing of the image.
    ``reduction = "torchal"`` is that loss.
    """

    needs = alharness.Needs(images=True)

    def __init__(self, **parameters: Any) -> None:
        super().__init__()
        self.parameters = VaalParameters(**parameters)

    def scores(self, pool: alharness.Pool) -> torch.Tensor:
        """Minus the logit of D(μ), (n_unlabeled,): the smallest D(μ) is wanted most.

        Logits, since D(μ) itself would be 0 or 1 for many images, which are then tied.
        Raises HarnessError when training diverges or images are smaller than 4 × 4.
        """
        from alharness_plugins.samplers.parts.adversarial.game import unlabeled_logits
        from alharness_plugins.samplers.vaal.training import trained_networks

        networks = trained_networks(pool, self.parameters)
        return -unlabeled_logits(*networks, pool, self.parameters.batch_size)


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "vaal",
        Vaal,
        summary="Unlike the labeled images to a discriminator on a VAE's latent space",
        citation="Sinha, Ebrahimi and Darrell, Variational Adversarial Active Learning, ICCV 2019",
        requires="Images of at least 4 x 4 pixels; nothing of the task model.",
        cost="`epochs` passes of three networks over the pool in every query, the published ones "
        "made for a GPU: a smaller `width` and fewer `epochs` for a CPU. About 23 million weights "
        "at the default width for 32 x 32 images.",
        parameters=VaalParameters,
    )

"""SRAAL: VAAL whose discriminator is told how uncertain each unlabeled image is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import Field

import alharness
from alharness_plugins.samplers.parts.adversarial import GameParameters

if TYPE_CHECKING:
    import torch


class SraalParameters(GameParameters):
    """Parameters of ``sraal``. Weights of its losses are not published: all are 1 here."""

    target_weight: float = Field(
        1.0, ge=0, description="weight of the classifier's cross entropy in the VAE's loss"
    )


class Sraal(alharness.ScoreSampler):
    """Scores how sure the discriminator is that an image is unlabeled. A reimplementation.

    Source: Zhang, Li, Yang, Wang, Zha and Huang (2020), State-Relabeling Adversarial Active
    Learning. Complete code of the authors does not exist, and a third party's differs from the
    paper: what is written here is a reimplementation, and its results are no evidence of theirs.

    A VAE reconstructs labeled and unlabeled images, and a linear classifier on its latent means
    learns the labels. The discriminator's targets are 1 for labeled images and 1 - u for
    unlabeled ones, u being the uncertainty of the classifier in that step (``state_uncertainty``):
    an image that it is certain of passes for labeled. The VAE tries to make all images pass for
    labeled. Anew in every query, apart from the task model.

    Choices where the paper or the third party's code is silent or at odds: VAAL's networks; the
    reconstruction's loss by image, as ``vaal`` has it; all weights of losses 1; the adversarial
    loss trains the VAE (in the third party's code it trains nothing). The initial set is the
    protocol's (the paper has a k-center in latent space).
    """

    needs = alharness.Needs(images=True)

    def __init__(self, **parameters: Any) -> None:
        super().__init__()
        self.parameters = SraalParameters(**parameters)

    def scores(self, pool: alharness.Pool) -> torch.Tensor:
        """Minus the logit of "labeled", (n_unlabeled,): the smallest is wanted most.

        Raises HarnessError when training diverges or images are smaller than 4 x 4.
        """
        from alharness_plugins.samplers.sraal.training import trained_game

        return -trained_game(pool, self.parameters).logits()


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "sraal",
        Sraal,
        summary="Unlike the labeled and the certain images to a discriminator; a reimplementation",
        citation="Zhang, Li, Yang, Wang, Zha and Huang, State-Relabeling Adversarial Active "
        "Learning, CVPR 2020",
        requires="Images of at least 4 x 4 pixels; nothing of the task model.",
        cost="`epochs` passes of a VAE and a discriminator over the pool in every query, the "
        "defaults made for a GPU: a smaller `width` and fewer `epochs` for a CPU. Memory linear in "
        "the pool.",
        parameters=SraalParameters,
    )

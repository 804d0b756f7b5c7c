"""TA-VAAL: VAAL whose networks are told how the task model's losses rank."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import alharness
from alharness_plugins.samplers.parts.adversarial import GameParameters
from alharness_plugins.samplers.parts.loss_prediction import PredictionParameters, PredictsLosses

if TYPE_CHECKING:
    import torch


class TaVaalParameters(GameParameters, PredictionParameters):
    """Parameters of ``ta-vaal``; the defaults are the published ones."""


class PairRanking(PredictsLosses):
    """Of pairs of images it is to be told which one has the higher loss."""

    def ranking(self, predicted: torch.Tensor, losses: torch.Tensor) -> torch.Tensor:
        """Cross entropy of the sign of the difference of losses, averaged over pairs."""
        from alharness_plugins.samplers.ta_vaal.ranking import pair_ranking

        return pair_ranking(predicted, losses)


class TaVaal(alharness.ScoreSampler):
    """Scores how sure the discriminator is that an image is unlabeled, given its rank.

    Source: Kim, Park, Kim and Chun (2021), Task-Aware Variational Adversarial Active Learning, and
    their code. A ranker, the loss prediction module of ``learning-loss``, is trained along with
    every task model, by which of two images has the higher loss. In a query a VAE and a
    discriminator play VAAL's game: the decoder is given the sigmoid of an image's rank beside its
    latent vector, the discriminator the rank itself beside the latent mean; in the first step
    ranks are drawn at random. The VAE's loss has means, of squared errors and of the KL divergence.

    Differs from the published code: ranks are computed once, on un-augmented images; the
    discriminator is trained on latent means of the VAE in evaluation mode, as they are when scored;
    the whole pool is in the game (there a random 10 000; a suite's ``pool_subset`` does that for
    all methods alike).
    """

    def __init__(self, **parameters: Any) -> None:
        super().__init__()
        self.parameters = TaVaalParameters(**parameters)
        self.needs = alharness.Needs(
            images=True,
            extension=PairRanking(
                self.parameters.predictor_width,
                self.parameters.prediction_weight,
                self.parameters.detach_from,
            ),
        )

    def scores(self, pool: alharness.Pool) -> torch.Tensor:
        """Minus the logit of "labeled", (n_unlabeled,): the smallest is wanted most.

        Raises HarnessError when training diverges or images are smaller than 4 x 4.
        """
        from alharness_plugins.samplers.ta_vaal.training import trained_game

        return -trained_game(pool, self.parameters).logits()


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "ta-vaal",
        TaVaal,
        summary="Unlike the labeled images to a discriminator that knows how losses rank",
        citation="Kim, Park, Kim and Chun, Task-Aware Variational Adversarial Active Learning, "
        "CVPR 2021",
        requires="Images of at least 4 x 4 pixels. Its task models are trained with the ranker, "
        "and trained differently by it.",
        cost="Trials of its own in every cycle, cycle 0 included; `epochs` passes of a VAE and a "
        "discriminator over the pool in every query, the published ones made for a GPU: a smaller "
        "`width` and fewer `epochs` for a CPU. Memory linear in the pool.",
        parameters=TaVaalParameters,
    )

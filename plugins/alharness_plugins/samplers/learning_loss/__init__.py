"""Learning loss: images whose loss a module trained along with the task model predicts highest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import Field

import alharness
from alharness_plugins.samplers.parts.loss_prediction import PredictionParameters, PredictsLosses

if TYPE_CHECKING:
    import torch


class LearningLossParameters(PredictionParameters):
    """Parameters of ``learning-loss``; the defaults are the published ones."""

    margin: float = Field(1.0, ge=0, description="by which predictions of a pair are to differ")


class MarginRanking(PredictsLosses):
    """Of pairs of images the one with the higher loss is to be predicted higher, by a margin."""

    def __init__(self, width: int, weight: float, detach_from: float, margin: float) -> None:
        super().__init__(width, weight, detach_from)
        self._margin = margin

    def ranking(self, predicted: torch.Tensor, losses: torch.Tensor) -> torch.Tensor:
        """Equation 2, averaged over the pairs of a batch."""
        from alharness_plugins.samplers.learning_loss.ranking import margin_ranking

        return margin_ranking(predicted, losses, self._margin)


class LearningLoss(alharness.ScoreSampler):
    """Scores the loss that is predicted, highest first (LLAL).

    Source: Yoo and Kweon (2019), Learning Loss for Active Learning. Each level of the task model
    (``Pool.levels``: of ResNet-18 the averages after its four stages, as published) passes a layer
    of its own; one more makes a number of them all. It is trained with every task model of this
    method, by ranking the losses of pairs of images, and until ``detach_from`` the task model is
    trained by that too: its trials are no other method's.

    Differs from the published code: the module and the task model have one optimizer (there two, of
    the same settings) and are kept of the same best epoch, and the whole pool is scored (there a
    random 10 000; a suite's ``pool_subset`` does that for all methods alike). A network whose
    penultimate features are no average of its last map has them as a level more.
    """

    def __init__(self, **parameters: Any) -> None:
        super().__init__()
        given = LearningLossParameters(**parameters)
        self.needs = alharness.Needs(
            extension=MarginRanking(
                given.predictor_width, given.prediction_weight, given.detach_from, given.margin
            )
        )

    def scores(self, pool: alharness.Pool) -> torch.Tensor:
        """Predicted losses, (n_unlabeled,), of no unit: their order is what was learned."""
        import torch

        with torch.no_grad():
            predicted: torch.Tensor = pool.extension()(pool.levels())
        return predicted


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "learning-loss",
        LearningLoss,
        summary="Highest loss as predicted by a module trained along with the task model",
        citation="Yoo and Kweon, Learning Loss for Active Learning, CVPR 2019",
        requires="Its task models are trained with the module, and trained differently by it.",
        cost="Trials of its own in every cycle, cycle 0 included; in a query one forward pass over "
        "the pool, and memory linear in it.",
        parameters=LearningLossParameters,
    )

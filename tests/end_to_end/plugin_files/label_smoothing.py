"""``label-smoothing``: a part of each target spread over all classes (Szegedy et al., 2016)."""

import alharness


class Parameters(alharness.Parameters):
    epsilon: float = 0.1


class LabelSmoothing(alharness.Regularizer):
    def __init__(self, epsilon):
        self.epsilon = epsilon

    def mix(self, images, targets, generator):
        return images, (1 - self.epsilon) * targets + self.epsilon / targets.shape[1]


@alharness.hookimpl
def alharness_regularizers():
    yield alharness.RegularizerSpec(
        "label-smoothing", LabelSmoothing, summary="Smoothed targets", parameters=Parameters
    )

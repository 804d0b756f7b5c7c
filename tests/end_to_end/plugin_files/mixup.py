"""``mixup``: convex combinations of images and of their targets (Zhang et al., 2018)."""

import numpy as np
import torch

import alharness


class Parameters(alharness.Parameters):
    alpha: float = 0.4


class MixUp(alharness.Regularizer):
    def __init__(self, alpha):
        self.alpha = alpha

    def mix(self, images, targets, generator):
        seed = torch.randint(2**62, (), generator=generator, device=images.device)
        share = np.random.default_rng(int(seed)).beta(self.alpha, self.alpha)
        others = torch.randperm(len(images), generator=generator, device=images.device)
        return tuple(share * x + (1 - share) * x[others] for x in (images, targets))


@alharness.hookimpl
def alharness_regularizers():
    yield alharness.RegularizerSpec("mixup", MixUp, summary="MixUp", parameters=Parameters)

"""Losses that each break one rule, which their name begins with; the rest tells how."""

import numpy as np
import torch
from torch.nn.functional import cross_entropy, one_hot

import alharness


class CrossEntropy(alharness.Loss):
    def per_image(self, logits, targets):
        return cross_entropy(logits, targets, reduction="none")


class OneForAll(CrossEntropy):
    def per_image(self, logits, targets):
        return cross_entropy(logits, targets)

    def mean(self, logits, targets):
        return cross_entropy(logits, targets)


class Divided(CrossEntropy):
    """By a normalizer that may be zero."""

    def mean(self, logits, targets):
        return super().per_image(logits, targets).mean() / torch.zeros(())


class LogarithmOfSoftmax(CrossEntropy):
    def per_image(self, logits, targets):
        hot = targets if targets.ndim == 2 else one_hot(targets, logits.shape[1])
        terms = torch.where(hot > 0, -hot * logits.softmax(dim=1).log(), 0.0)
        return terms.sum(dim=1)


class LabelsOnly(CrossEntropy):
    """Takes soft targets for labels smoothed more."""

    def per_image(self, logits, targets):
        smoothing = 0.3 if targets.ndim == 2 else 0.0
        return cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)


class Centred(CrossEntropy):
    def per_image(self, logits, targets):
        losses = super().per_image(logits, targets)
        return losses - losses.mean() + 1

    def mean(self, logits, targets):
        return super().per_image(logits, targets).mean()


class InPlace(CrossEntropy):
    def per_image(self, logits, targets):
        losses = super().per_image(logits, targets)
        logits.data.sub_(logits.data.mean(dim=1, keepdim=True))
        return losses


class Noisy(CrossEntropy):
    def per_image(self, logits, targets):
        losses = super().per_image(logits, targets)
        return losses * (1 + 1e-6 * torch.rand(losses.shape))


class Gains(CrossEntropy):
    """A likelihood, to be maximized."""

    def per_image(self, logits, targets):
        return -super().per_image(logits, targets)


class DrawsFromNumpy(CrossEntropy):
    def before_training(self, labels, n_classes):
        np.random.rand()  # noqa: NPY002


@alharness.hookimpl
def alharness_losses():
    for name, factory in {
        "losses-of-images": OneForAll,
        "mean-loss": Divided,
        "confident-logits": LogarithmOfSoftmax,
        "one-hot-targets": LabelsOnly,
        "images-are-independent": Centred,
        "arguments-unchanged": InPlace,
        "same-answer-again": Noisy,
        "training_gains": Gains,
        "global-generators": DrawsFromNumpy,
    }.items():
        yield alharness.LossSpec(name, factory)

"""Regularizers that each break one rule, which their name begins with; the rest tells how."""

import numpy as np
import torch
from torch import nn

import alharness


class ShoutsItsName(alharness.Regularizer):
    def search_space(self):
        return {"STRENGTH": alharness.Uniform(0.0, 1.0)}


class Centres(alharness.Regularizer):
    def augment(self, images, generator):
        return images - 0.5


class DrawsElsewhere(alharness.Regularizer):
    def augment(self, images, generator):
        return (images * torch.rand(len(images), 1, 1, 1)).clamp(0, 1)


class InPlace(alharness.Regularizer):
    def augment(self, images, generator):
        return images.mul_(0.9)


class OneCoinPerBatch(alharness.Regularizer):
    """As torchvision's transforms do when they are given a batch."""

    def augment(self, images, generator):
        return images * torch.rand((), generator=generator)


class DoublesTheTargets(alharness.Regularizer):
    def mix(self, images, targets, generator):
        return images, (targets + targets.roll(1, dims=1)).clamp(max=1)


class MixesByGlobalLuck(alharness.Regularizer):
    def mix(self, images, targets, generator):
        other = torch.randperm(len(images))
        return (images + images[other]) / 2, (targets + targets[other]) / 2


class MixesInPlace(alharness.Regularizer):
    def mix(self, images, targets, generator):
        return images.mul_(0.5), targets.mul_(0.9).add_(0.1 / targets.shape[1])


class AveragesInsideTheModel(alharness.Regularizer):
    """The model that is built again for its checkpoint has no such buffer."""

    def after_step(self, model):
        model.register_buffer("average", next(model.parameters()).detach().clone())


class HidesTheModel(alharness.Regularizer):
    def wrap_model(self, model):
        return nn.Sequential(model)


class WiderBySetting(alharness.Regularizer):
    def search_space(self):
        return {"width": alharness.Uniform(1.0, 100.0)}

    def wrap_model(self, model):
        model.more = nn.Linear(1, int(self.hyperparameters["width"]))
        return model


class NumberAsPenalty(alharness.Regularizer):
    def penalty(self, model):
        return 0.1


class SgdOnly(alharness.Regularizer):
    def optimizer_options(self, hyperparameters):
        return {"nesterov": True}


class OffersNothingThatFits(alharness.Regularizer):
    def after_training(self, model, continuation):
        return {"average": torch.zeros(1)}


class FreshNoise(alharness.Regularizer):
    def wrap_model(self, model):
        model.head.bias.data += float(np.random.default_rng().random())
        return model


class DrawsFromNumpy(alharness.Regularizer):
    def wrap_model(self, model):
        model.head.bias.data += float(np.random.rand())  # noqa: NPY002
        return model


@alharness.hookimpl
def alharness_regularizers():
    for name, factory in {
        "search-space": ShoutsItsName,
        "augmented-images": Centres,
        "generator-alone": DrawsElsewhere,
        "batch-unchanged": InPlace,
        "randomness-per-image": OneCoinPerBatch,
        "mixed-batch": DoublesTheTargets,
        "mixing-generator-alone": MixesByGlobalLuck,
        "mixing-in-place": MixesInPlace,
        "after-step": AveragesInsideTheModel,
        "wrapped-model": HidesTheModel,
        "warm-start": WiderBySetting,
        "penalty": NumberAsPenalty,
        "optimizer-options": SgdOnly,
        "training": OffersNothingThatFits,
        "same-seed-same-training": FreshNoise,
        "global-generators": DrawsFromNumpy,
    }.items():
        yield alharness.RegularizerSpec(name, factory)

"""Representations that each break one rule, which their name begins with; the rest tells how."""

import itertools

import numpy as np
import torch

import alharness


class Means(alharness.Representation):
    """The mean of each quarter of an image, over all channels."""

    def features(self, images):
        return torch.nn.functional.adaptive_avg_pool2d(images.mean(1), 2).flatten(1)


class Doubles(Means):
    def features(self, images):
        return super().features(images).double()


class AsWideAsTheBatch(Means):
    def features(self, images):
        return super().features(images).repeat(1, len(images))


class ColourOnly(Means):
    def features(self, images):
        if images.shape[1] != 3:
            raise ValueError("expected 3 channels")
        return super().features(images)


class NoWayOut(Means):
    def features(self, images):
        if images.shape[1] != 3:
            raise alharness.HarnessError("only colour")
        return super().features(images)


class NormalizedByTheBatch(Means):
    def features(self, images):
        features = super().features(images)
        return features - features.mean(0)


class Dropout(Means):
    def features(self, images):
        generator = torch.Generator().manual_seed(next(calls))
        kept = torch.rand(4, generator=generator) + 1e-6
        # Nearly the same for all calls: no other rule sees it.
        return super().features(images) * (1 + 1e-6 * kept)


calls = itertools.count()


class Trainable(Means):
    def features(self, images):
        weight = torch.ones(4, requires_grad=True)
        return super().features(images) * weight


class InPlace(Means):
    def features(self, images):
        features = super().features(images)
        images -= 0.5
        return features


class Standardized(Means):
    def features(self, images):
        deviation = images.flatten(1).std(1, keepdim=True)
        return super().features(images) / deviation


class Elsewhere(Means):
    def features(self, images):
        return super().features(images).to("meta")


class DrawsFromTorch(Means):
    def __init__(self):
        torch.nn.Linear(4, 4)


class DrawsFromNumpy(Means):
    def __init__(self):
        np.random.rand()  # noqa: NPY002


class OfTrainingAlone(Means):
    def given(self, part):
        if part == "test":
            return None
        return alharness.GivenFeatures(np.zeros((5, 2), np.float32), "train.npz")


class NotFinite(Means):
    def given(self, part):
        return alharness.GivenFeatures(np.full((5, 2), np.nan, np.float32), "train.npz")


class NewEveryTime(Means):
    def fingerprint(self):
        return str(next(calls))


class AsksTheHub(Means):
    def missing(self):
        try:
            __import__("socket").create_connection(("localhost", 9))
        except OSError:
            return


class MissingWithoutRemedy(Means):
    def missing(self):
        return alharness.UsageError("no weights")


@alharness.hookimpl
def alharness_representations():
    for name, factory in {
        "features_doubles": Doubles,
        "features_width": AsWideAsTheBatch,
        "image-sizes": ColourOnly,
        "image-sizes_no-remedy": NoWayOut,
        "images-are-independent": NormalizedByTheBatch,
        "same-features-again": Dropout,
        "no-gradients": Trainable,
        "images-unchanged": InPlace,
        "constant-images": Standardized,
        "device": Elsewhere,
        "global-generators_torch": DrawsFromTorch,
        "global-generators_numpy": DrawsFromNumpy,
        "given-features": OfTrainingAlone,
        "given-features_nan": NotFinite,
        "declarations_fingerprint": NewEveryTime,
        "declarations_connection": AsksTheHub,
        "declarations_remedy": MissingWithoutRemedy,
    }.items():
        yield alharness.RepresentationSpec(name, factory)

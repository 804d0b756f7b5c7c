"""Models that each break one rule, which their name begins with; the rest tells how."""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import dropout

import alharness
from alharness.testing.images import SmallNetwork


class AlwaysLogits(SmallNetwork):
    def forward_head(self, x, pre_logits=False):
        return super().forward_head(x)


class CifarOnly(SmallNetwork):
    def __init__(self, n_classes, in_channels):
        super().__init__(n_classes, in_channels)
        self.mix = nn.Linear(8 * 8, 8 * 8)

    def forward_features(self, x):
        maps = super().forward_features(x)
        return self.mix(maps.flatten(2)).reshape(maps.shape)


class ScalesOutside(SmallNetwork):
    def forward(self, x):
        return 2 * super().forward(x)


class OtherLayer(SmallNetwork):
    """Offers a layer before its scale, which the logits pass through."""

    def forward_head(self, x, pre_logits=False):
        head = super().forward_head(x, pre_logits)
        return head if pre_logits else 2 * head


class FreshNoise(SmallNetwork):
    def __init__(self, n_classes, in_channels):
        super().__init__(n_classes, in_channels)
        noise = np.random.default_rng().normal(size=n_classes)
        self.head.bias.data += torch.from_numpy(noise).float()


class SeedsTorch(SmallNetwork):
    def __init__(self, n_classes, in_channels):
        torch.manual_seed(0)
        super().__init__(n_classes, in_channels)


class DrawsFromNumpy(SmallNetwork):
    def __init__(self, n_classes, in_channels):
        super().__init__(n_classes, in_channels)
        self.head.bias.data += float(np.random.rand())  # noqa: NPY002


class AlwaysDropsOut(SmallNetwork):
    def forward_features(self, x):
        return dropout(super().forward_features(x), 0.5)


class CountsImages(SmallNetwork):
    def __init__(self, n_classes, in_channels):
        super().__init__(n_classes, in_channels)
        self.register_buffer("seen", torch.zeros(()))

    def forward_features(self, x):
        self.seen += len(x)
        return super().forward_features(x)


class NormalizesByBatch(SmallNetwork):
    def __init__(self, n_classes, in_channels):
        super().__init__(n_classes, in_channels)
        self.norm = nn.BatchNorm2d(self.num_features, track_running_stats=False)

    def forward_features(self, x):
        return self.norm(super().forward_features(x))


class UnusedLayer(SmallNetwork):
    def __init__(self, n_classes, in_channels):
        super().__init__(n_classes, in_channels)
        self.forgotten = nn.Linear(4, 4)


class KeepsAScale(SmallNetwork):
    scale = 1.0

    def forward_head(self, x, pre_logits=False):
        if self.training:
            self.scale *= 2
        head = super().forward_head(x, pre_logits)
        return head if pre_logits else self.scale * head


def model(network, dropout=None):
    class Builds(alharness.Model):
        def has_dropout(self):
            return dropout

        def build(self, n_classes, in_channels, image_size):
            return network(n_classes, in_channels)

    return Builds


@alharness.hookimpl
def alharness_models():
    for name, network in {
        "interface": AlwaysLogits,
        "image-sizes": CifarOnly,
        "head-of-features": ScalesOutside,
        "last-layer": OtherLayer,
        "same-seed-same-weights": FreshNoise,
        "other-seed-other-weights": SeedsTorch,
        "global-generators": DrawsFromNumpy,
        "evaluation-is-deterministic_dropout": AlwaysDropsOut,
        "evaluation-is-deterministic_buffer": CountsImages,
        "images-are-independent": NormalizesByBatch,
        "every-parameter-learns": UnusedLayer,
        "weights-are-all": KeepsAScale,
    }.items():
        yield alharness.ModelSpec(name, model(network))
    yield alharness.ModelSpec("what-it-says_dropout", model(SmallNetwork, dropout=False))
    yield alharness.ModelSpec("what-it-says_text", model(SmallNetwork, dropout="0.5"))

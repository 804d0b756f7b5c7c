"""DenseNet-121, and its variant for small images."""

from __future__ import annotations

from typing import Any

from timm.models.densenet import DenseNet
from torch import nn

import alharness
from alharness_plugins.models.networks.activations import ACTIVATIONS
from alharness_plugins.models.networks.classifier import Classifier
from alharness_plugins.models.networks.parameters import Activation
from alharness_plugins.models.networks.stem import LARGEST_SMALL_IMAGE, small_stem

_SMALLEST_IMAGE = 8


class DenseNet121(alharness.Model):
    """Huang et al. (2017), Densely Connected Convolutional Networks, table 1: growth 32.

    timm's dense blocks. Images up to 64 pixels enter by a 3 x 3 stem without
    pooling, batch norm and activation after it as on ImageNet; the networks that
    Huang et al. ran on CIFAR have three dense blocks and no normalization there.
    ``dropout`` acts on the penultimate features; inside the dense blocks, where
    the paper drops when there is no augmentation, nothing is dropped.

    Three transitions halve the image, so it must have 8 pixels a side.
    """

    def __init__(self, dropout: float, activation: Activation) -> None:
        self.dropout = dropout
        self.activation = ACTIVATIONS[activation]

    def has_dropout(self) -> bool:
        return self.dropout > 0

    def build(self, n_classes: int, in_channels: int, image_size: int) -> Classifier:
        if image_size < _SMALLEST_IMAGE:
            raise alharness.UsageError(
                f"images of {image_size} x {image_size} pixels vanish on the way: "
                f"they are halved three times",
                where="model 'densenet121'",
                remedy=f"Use images of at least {_SMALLEST_IMAGE} pixels a side, or another "
                "model, such as resnet18, which takes any size",
            )
        kind: Any = DenseNet
        network = kind(num_classes=0, in_chans=in_channels, act_layer=self.activation)
        body = network.features
        if image_size <= LARGEST_SMALL_IMAGE:
            body.conv0 = small_stem(in_channels, body.conv0.out_channels)
            nn.init.kaiming_normal_(body.conv0.weight)
            body.pool0 = nn.Identity()
        classifier = Classifier(body, network.num_features, n_classes, self.dropout)
        nn.init.zeros_(classifier.head.bias)
        return classifier

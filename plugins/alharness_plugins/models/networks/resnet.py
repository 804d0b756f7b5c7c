"""Residual networks made for ImageNet, and their variant for small images."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, ClassVar

from timm.models.resnet import BasicBlock, Bottleneck, ResNet
from torch import nn

import alharness
from alharness_plugins.models.networks.activations import ACTIVATIONS
from alharness_plugins.models.networks.classifier import Classifier
from alharness_plugins.models.networks.parameters import Activation
from alharness_plugins.models.networks.stem import LARGEST_SMALL_IMAGE, small_stem


class _Residual(alharness.Model):
    """timm's residual blocks; images up to 64 pixels enter by a 3 x 3 stem without pooling.

    Initialization is He et al.'s (2015) for convolutions. timm's default, to
    start the last batch norm of each block at zero, is a later invention and off.
    """

    architecture: ClassVar[Mapping[str, Any]]

    def __init__(self, dropout: float, activation: Activation) -> None:
        self.dropout = dropout
        self.activation = ACTIVATIONS[activation]

    def has_dropout(self) -> bool:
        return self.dropout > 0

    def build(self, n_classes: int, in_channels: int, image_size: int) -> Classifier:
        network: Any = ResNet(
            **self.architecture,
            num_classes=0,
            in_chans=in_channels,
            act_layer=self.activation,
            zero_init_last=False,
        )
        if image_size <= LARGEST_SMALL_IMAGE:
            network.conv1 = small_stem(in_channels, network.conv1.out_channels)
            nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
            network.maxpool = nn.Identity()
        del network.global_pool, network.fc
        body = nn.Sequential(OrderedDict(network.named_children()))
        return Classifier(body, network.num_features, n_classes, self.dropout)


class ResNet18(_Residual):
    """He et al. (2016), Deep Residual Learning, table 1, 18 layers.

    On small images it is the variant that active learning papers and the
    published code of Munjal et al. (2022) use: 64 to 512 channels from a 3 x 3
    stem. It is not the network that He et al. ran on CIFAR-10 (section 4.2: 16
    to 64 channels, shortcuts without parameters).
    """

    architecture: ClassVar = {"block": BasicBlock, "layers": (2, 2, 2, 2)}


class ResNeXt50(_Residual):
    """Xie et al. (2017), Aggregated Residual Transformations, table 1: 50 layers, 32 x 4d.

    As in torchvision and timm, the stride is in the 3 x 3 convolution, where the
    authors' code has it too. On small images the stem changes as for
    ``resnet18``; Xie et al. ran another network on CIFAR (ResNeXt-29).
    """

    architecture: ClassVar = {
        "block": Bottleneck,
        "layers": (3, 4, 6, 3),
        "cardinality": 32,
        "base_width": 4,
    }

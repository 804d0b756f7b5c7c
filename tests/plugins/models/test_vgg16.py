"""VGG16 against torchvision's, and its two heads against their description."""

import pytest
import torch
from alharness_plugins.models.networks.vgg import GridAverage
from torch import nn
from torchvision.models.vgg import cfgs, make_layers

STACK = 14_723_136
"""Parameters of the 13 convolutions with biases and batch norm, three channels."""


def test_parameter_counts(build, count):
    assert count(make_layers(cfgs["D"], batch_norm=True)) == STACK
    compact = STACK + (512 * 512 + 512) + (512 * 10 + 10)
    assert count(build("vgg16")) == compact
    torchal = STACK + (25_088 * 4096 + 4096) + (4096 * 512 + 512) + (512 * 10 + 10)
    assert count(build("vgg16", head="torchal")) == torchal


@pytest.mark.parametrize("image_size", [32, 64])
def test_convolutions_equal_torchvision(build, transplant, image_size):
    network, reference = build("vgg16"), make_layers(cfgs["D"], batch_norm=True)
    transplant(reference, network.body)
    images = torch.rand(2, 3, image_size, image_size)
    with torch.no_grad():
        assert torch.allclose(network.forward_features(images), reference(images), atol=1e-5)


@pytest.mark.parametrize(("image_size", "side"), [(8, 1), (28, 1), (32, 1), (33, 2), (96, 3)])
def test_images_end_as_one_pixel_per_32(build, image_size, side):
    images = torch.rand(1, 3, image_size, image_size)
    with torch.no_grad():
        features = build("vgg16").eval().forward_features(images)
    assert features.shape == (1, 512, side, side)


def test_head_of_the_published_code(build):
    network = build("vgg16", head="torchal").train()
    first, second = (m for m in network.penultimate if isinstance(m, nn.Linear))
    (dropout,) = (m for m in network.modules() if isinstance(m, nn.Dropout))
    assert dropout.p == 0.5
    for linear in (first, second, network.head):
        assert abs(linear.weight.std() - 0.01) < 5e-4
        assert not linear.bias.any()
    features = torch.rand(2, 512, 1, 1)
    network.eval()
    with torch.no_grad():
        pooled = nn.functional.adaptive_avg_pool2d(features, 7).flatten(1)
        expected = second(first(pooled).relu()).relu()
        assert torch.allclose(network.forward_head(features, pre_logits=True), expected, atol=1e-6)
        assert torch.allclose(network.forward_head(features), network.head(expected), atol=1e-6)
    masked: list[torch.Tensor] = []
    dropout.train().register_forward_hook(lambda _, __, output: masked.append(output))
    network.forward_head(features)
    assert masked[0].shape == (2, 4096)


@pytest.mark.parametrize("side", [1, 2, 3, 5, 7, 9, 14])
def test_grid_average_is_adaptive_pooling(side):
    images = torch.rand(2, 3, side, side, dtype=torch.float64, requires_grad=True)
    weights = torch.rand(2, 3, 7, 7, dtype=torch.float64)
    outputs = [pool(images) for pool in (GridAverage(7), nn.AdaptiveAvgPool2d(7))]
    gradients = [torch.autograd.grad((out * weights).sum(), images)[0] for out in outputs]
    assert torch.allclose(*outputs)
    assert torch.allclose(*gradients)

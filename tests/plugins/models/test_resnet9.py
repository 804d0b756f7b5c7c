"""ResNet-9, against its layers written down one by one.

Independent source: Page (2018), How to Train Your ResNet, for the order of layers; parameters are
counted by hand.
"""

import torch
from torch.nn.functional import batch_norm, conv2d, linear, max_pool2d, relu


def parameters_by_hand(width, channels=3, classes=10):
    """Eight 3 x 3 convolutions with two numbers of batch norm per channel, and a linear layer."""
    w = width
    layers = [(channels, w), (w, 2 * w), (2 * w, 2 * w), (2 * w, 2 * w), (2 * w, 4 * w)]
    layers += [(4 * w, 8 * w), (8 * w, 8 * w), (8 * w, 8 * w)]
    return sum(9 * a * b + 2 * b for a, b in layers) + 8 * w * classes + classes


def test_parameters(build, count):
    assert count(build("resnet9")) == parameters_by_hand(64) == 6_573_130
    assert count(build("resnet9", width=5)) == parameters_by_hand(5)


def test_equals_its_layers_one_by_one(build, as_if_trained):
    network = build("resnet9", width=4)
    as_if_trained(network)
    weights = network.state_dict()
    convolutions = [name for name in weights if weights[name].ndim == 4]
    norms = [name.removesuffix("running_mean") for name in weights if "running_mean" in name]
    layers = iter(zip(convolutions, norms, strict=True))

    def layer(x):
        convolution, norm = next(layers)
        mean, variance, scale, shift = (
            weights[norm + part] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return relu(
            batch_norm(conv2d(x, weights[convolution], padding=1), mean, variance, scale, shift)
        )

    with torch.no_grad():
        images = torch.rand(3, 3, 32, 32)
        x = max_pool2d(layer(layer(images)), 2)
        x = x + layer(layer(x))
        x = max_pool2d(layer(x), 2)
        x = max_pool2d(layer(x), 2)
        x = x + layer(layer(x))
        expected = linear(x.mean((2, 3)), weights["head.weight"], weights["head.bias"])
        assert torch.allclose(network(images), expected, atol=1e-5)
        assert network.forward_features(images).shape == (3, 32, 4, 4)

"""ResNet-18, ResNeXt-50 and DenseNet-121 against torchvision's own."""

import pytest
import torch
import torchvision
from torch import nn

import alharness

REFERENCES = {
    "resnet18": torchvision.models.resnet18,
    "resnext50": torchvision.models.resnext50_32x4d,
    "densenet121": torchvision.models.densenet121,
}
ON_IMAGENET = {"resnet18": 11_689_512, "resnext50": 25_028_904, "densenet121": 7_978_856}
"""Parameters with 1000 classes, as torchvision's documentation prints them."""

ON_CIFAR = {
    "resnet18": 11_173_962,  # kuangliu/pytorch-cifar, ResNet18
    "resnext50": 25_028_904 - 990 * 2049 - (7 * 7 - 3 * 3) * 3 * 64,
    "densenet121": 6_956_298 + 2 * 64,  # kuangliu/pytorch-cifar, and the stem's batch norm
}
"""Parameters with 10 classes and the 3 x 3 stem."""

each_model = pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("resnext50", "densenet121")),
    ],
)


@each_model
def test_parameter_counts(build, count, name):
    assert count(build(name, 1000, 3, 224)) == ON_IMAGENET[name] == count(REFERENCES[name]())
    assert count(build(name, 10, 3, 32)) == ON_CIFAR[name]


@each_model
def test_equals_torchvision_on_imagenet(build, transplant, name):
    """The ImageNet stem does not need 224 pixels: 64 are enough to tell networks apart."""
    network, reference = build(name, 1000, 3, 224), REFERENCES[name]()
    transplant(reference, network)
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        expected = reference(images)
        assert torch.allclose(network(images), expected, atol=1e-4 * float(expected.abs().max()))


@pytest.mark.parametrize("image_size", [32, pytest.param(64, marks=pytest.mark.slow)])
@each_model
def test_small_images_enter_without_loss_of_resolution(build, transplant, name, image_size):
    network, reference = build(name, 10, 3, image_size), REFERENCES[name](num_classes=10)
    stem = nn.Conv2d(3, 64, 3, stride=1, padding=1, bias=False)
    if name == "densenet121":
        reference.features.conv0, reference.features.pool0 = stem, nn.Identity()
    else:
        reference.conv1, reference.maxpool = stem, nn.Identity()
    transplant(reference, network)
    images = torch.rand(1, 3, image_size, image_size)
    with torch.no_grad():
        expected = reference(images)
        assert torch.allclose(network(images), expected, atol=1e-4 * float(expected.abs().max()))


@each_model
def test_initial_deviations_equal_torchvision(build, name):
    """Every convolution's weights start with the spread that torchvision gives them."""
    network, reference = build(name, 1000, 3, 224), REFERENCES[name]()
    ours, theirs = (
        [m.weight.std() for m in model.modules() if isinstance(m, nn.Conv2d)]
        for model in (network, reference)
    )
    assert torch.allclose(torch.stack(ours), torch.stack(theirs), rtol=0.1)
    assert all(
        (m.weight == 1).all() and (m.bias == 0).all()
        for m in network.modules()
        if isinstance(m, nn.BatchNorm2d)
    )


@pytest.mark.parametrize(
    ("name", "variance"),
    [("resnet18", 2 / (9 * 64)), ("resnext50", 2 / (9 * 64)), ("densenet121", 2 / (9 * 3))],
)
def test_small_stem_starts_like_the_other_convolutions(build, name, variance):
    stem = next(m for m in build(name).modules() if isinstance(m, nn.Conv2d))
    assert abs(stem.weight.var() / variance - 1) < 0.15


def test_densenet_refuses_images_that_vanish(build):
    with pytest.raises(alharness.UsageError, match=r"densenet121.*7 x 7.*at least 8.*resnet18"):
        build("densenet121", image_size=7)


@pytest.mark.parametrize("name", ["resnet18", "resnext50"])
def test_resnets_take_images_of_any_size(build, name):
    with torch.no_grad():
        assert build(name, image_size=3).eval()(torch.rand(1, 3, 3, 3)).shape == (1, 10)

"""What holds for every built-in convolutional network."""

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from alharness import UsageError
from alharness.engine.randomness import controlled

NAMES = ["vgg16", "resnet18", "resnet9", "wrn-28-2", "resnext50", "shake-shake", "densenet121"]
LARGE = {"resnext50", "shake-shake", "densenet121"}
DROPS_FEATURES = [name for name in NAMES if name != "wrn-28-2"]


def large_ones_are_slow(rows):
    """Parameters of tests that begin with a model's name."""
    return [pytest.param(*row, marks=[pytest.mark.slow] if row[0] in LARGE else []) for row in rows]


each_model = pytest.mark.parametrize("name", large_ones_are_slow((name,) for name in NAMES))


@each_model
@pytest.mark.parametrize(
    ("image_size", "in_channels"),
    [
        (8, 1),
        (32, 3),
        *(
            pytest.param(side, channels, marks=pytest.mark.slow)
            for side, channels in [(28, 1), (64, 3), (96, 3)]
        ),
    ],
)
def test_shapes_and_interface(build, name, image_size, in_channels):
    network = build(name, 7, in_channels, image_size).eval()
    images = torch.rand(2, in_channels, image_size, image_size)
    with torch.no_grad():
        logits, features = network(images), network.forward_features(images)
        assert logits.shape == (2, 7)
        assert torch.isfinite(logits).all()
        assert torch.equal(logits, network.forward_head(features))
        assert network.forward_head(features, pre_logits=True).shape == (2, network.num_features)
        assert torch.equal(logits, network(images))


@each_model
def test_two_tiny_images_train_every_parameter(build, name):
    with controlled(0):
        network = build(name, 10, 1, 8).train()
        loss = nn.functional.cross_entropy(network(torch.rand(2, 1, 8, 8)), torch.tensor([0, 1]))
        loss.backward()
    for label, parameter in network.named_parameters():
        assert parameter.grad is not None, label
        assert torch.isfinite(parameter.grad).all(), label
        assert parameter.grad.any() or parameter.ndim == 1, label


@each_model
def test_a_seed_determines_the_weights(build, name):
    def weights(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return nn.utils.parameters_to_vector(build(name).parameters())

    first = weights(1)
    assert torch.equal(first, weights(1))
    assert not torch.equal(first, weights(2))


class Activations(TorchDispatchMode):
    """Records the activations that run, whatever module or function asked for them."""

    def __init__(self) -> None:
        super().__init__()
        self.relu = 0
        self.slopes: list[float] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.overloadpacket.__name__.rstrip("_")
        if name in ("relu", "threshold", "hardtanh", "clamp", "clamp_min", "maximum"):
            self.relu += 1
        if name == "leaky_relu":
            self.slopes.append(args[1] if len(args) > 1 else 0.01)
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    ("name", "parameters"),
    large_ones_are_slow([*((name, {}) for name in NAMES), ("vgg16", {"head": "torchal"})]),
)
def test_activation_replaces_every_relu(build, name, parameters):
    def run(activation: str) -> Activations:
        network = build(name, 10, 1, 8, activation=activation, **parameters).eval()
        with torch.no_grad(), Activations() as seen:
            network(torch.rand(2, 1, 8, 8))
        return seen

    relu, leaky = run("relu"), run("leaky-relu")
    assert relu.relu > 0
    assert relu.slopes == []
    assert leaky.relu == 0
    assert leaky.slopes == [0.2] * relu.relu


@pytest.mark.parametrize("name", large_ones_are_slow((name,) for name in DROPS_FEATURES))
def test_dropout_acts_on_the_penultimate_features(build, name):
    network = build(name, 10, 1, 8, dropout=0.25).eval()
    images = torch.rand(16, 1, 8, 8)
    entered: list[torch.Tensor] = []
    network.head.register_forward_hook(lambda _, inputs, __: entered.append(inputs[0]))
    _switch_dropout_on(network)
    with torch.no_grad():
        features = network.forward_features(images)
        penultimate = network.forward_head(features, pre_logits=True)
        for _ in range(2):
            network.forward_head(features)
    kept = entered[0][penultimate != 0] != 0
    assert abs(kept.float().mean() - 0.75) < 0.05
    scaled = torch.where(entered[0] != 0, penultimate / 0.75, 0)
    assert torch.allclose(entered[0], scaled)
    assert not torch.equal(entered[0], entered[1])


@pytest.mark.parametrize(
    ("name", "parameters"),
    large_ones_are_slow(
        [*((name, {"dropout": 0.5}) for name in NAMES), ("vgg16", {"head": "torchal"})]
    ),
)
def test_monte_carlo_passes_differ_only_with_dropout(build, name, parameters):
    images = torch.rand(2, 1, 8, 8)
    for dropout in (parameters.get("dropout", 0.5), 0.0):
        network = build(name, 10, 1, 8, **(parameters | {"dropout": dropout})).eval()
        _switch_dropout_on(network)
        with torch.no_grad():
            assert torch.equal(network(images), network(images)) == (dropout == 0)
        assert dropout or not any(isinstance(module, nn.Dropout) for module in network.modules())


@each_model
def test_training_mode_is_random_with_dropout(build, name):
    network = build(name, 10, 1, 8, dropout=0.5).train()
    images = torch.rand(4, 1, 8, 8)
    with torch.no_grad():
        assert not torch.equal(network(images), network(images))


def _switch_dropout_on(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.train()


@each_model
@pytest.mark.parametrize(("name_", "value"), [("activation", "gelu"), ("dropout", 1.0)])
def test_wrong_parameters_are_refused(build, name, name_, value):
    with pytest.raises(UsageError, match=name_):
        build(name, **{name_: value})


def test_listing_imports_no_torch():
    folder = "alharness_plugins.models."
    modules = "vgg16 resnet18 resnet9 wrn resnext50 shake_shake densenet121"
    code = (
        f"import importlib, sys\nfor name in '{modules}'.split():\n"
        f"    spec, = importlib.import_module('{folder}' + name).alharness_models()\n"
        "    assert spec.summary and spec.citation and spec.parameters\n"
        "    for field in spec.parameters.model_fields.values():\n"
        "        assert field.description\n"
        "assert not {'torch', 'timm', 'torchvision'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.gpu
@each_model
@pytest.mark.parametrize("image_size", [32, 96])
def test_training_is_deterministic_on_a_gpu(build, name, image_size):
    def gradients() -> torch.Tensor:
        with controlled(0):
            network = build(name, 10, 3, image_size).cuda().train()
            network(torch.rand(8, 3, image_size, image_size, device="cuda")).sum().backward()
            return torch.cat([parameter.grad.flatten() for parameter in network.parameters()])

    assert torch.equal(gradients(), gradients())

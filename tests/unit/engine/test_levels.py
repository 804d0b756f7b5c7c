"""Levels: averages of a network's maps, and its penultimate features. Reference: by hand."""

import numpy as np
import pytest
import torch
from alharness_plugins.models.networks.densenet import DenseNet121
from alharness_plugins.models.networks.linear import Linear
from alharness_plugins.models.networks.mlp import Mlp
from alharness_plugins.models.networks.resnet import ResNet18
from alharness_plugins.models.networks.resnet9 import ResNet9
from alharness_plugins.models.networks.small_cnn import SmallCnn
from alharness_plugins.models.networks.vgg import Vgg16

from alharness import LevelsExtension
from alharness.engine.extension import built_extension
from alharness.engine.images import HeldImages
from alharness.engine.levels import Levels
from alharness.engine.network import Network
from alharness.engine.passes import Passes
from alharness.engine.pool import ImagePool
from alharness.engine.randomness import controlled
from alharness.testing.images import N_CLASSES, SmallNetwork

CPU = torch.device("cpu")


def network_of(model, channels, side):
    with controlled(0):
        built = model.build(3, channels, side)
    shape = (channels, 1, 1) if side > 1 else (channels,)
    return Network(built, torch.full(shape, 0.5), torch.full(shape, 0.25))


WIDTHS = {
    "resnet18": (lambda: ResNet18(0.0, "relu"), 3, 32, (64, 128, 256, 512)),
    "resnet9": (lambda: ResNet9(4, 0.0, "relu"), 3, 32, (8, 16, 32, 32)),
    "small-cnn": (lambda: SmallCnn(4, 16, 0.5), 1, 8, (4, 8, 8, 16)),
    "vgg16": (lambda: Vgg16(0.0, "relu", "compact"), 3, 32, (64, 128, 256, 512, 512, 512)),
    "densenet121": (lambda: DenseNet121(0.0, "relu"), 3, 32, (128, 256, 512, 1024)),
    "mlp": (lambda: Mlp(8, 2, 0.0), 1, 8, (8,)),
    "linear": (lambda: Linear(0.0), 1, 8, (64,)),
    "mlp on features": (lambda: Mlp(8, 1, 0.0), 5, 1, (8,)),
}


@pytest.mark.parametrize("name", WIDTHS)
def test_widths_of_the_built_ins(name):
    """The last map before the image is halved, and the features once.

    resnet9 widens before it halves: 8 channels of 32 x 32, and its residual block follows.
    """
    model, channels, side, widths = WIDTHS[name]
    network = network_of(model(), channels, side)
    example = torch.rand(1, channels, side, side) if side > 1 else torch.rand(1, channels)
    levels = Levels(network, example)
    assert levels.widths == widths
    assert network.training


def test_they_are_the_averages_of_the_stages_of_a_residual_network():
    network = network_of(ResNet18(0.0, "relu"), 3, 16).train()
    images = torch.rand(6, 3, 16, 16)
    state = {name: one.clone() for name, one in network.state_dict().items()}
    levels = Levels(network, images)
    assert all(torch.equal(one, state[name]) for name, one in network.state_dict().items())
    with levels.watching():
        maps = network.forward_features(images)
        found = levels.seen(network.forward_head(maps, pre_logits=True))
    network.load_state_dict(state)
    x = network.normalized(images)
    expected = []
    for name, part in network.model.body.named_children():
        x = part(x)
        if name.startswith("layer"):
            expected.append(x.mean(dim=(2, 3)))
    assert len(found) == len(expected) == 4
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
        assert one.requires_grad


def test_nothing_is_kept_of_a_pass_that_nobody_watches():
    network = network_of(ResNet9(4, 0.0, "relu"), 3, 8)
    levels = Levels(network, torch.rand(1, 3, 8, 8))
    network(torch.rand(2, 3, 8, 8))
    with levels.watching():
        features = torch.zeros(2, 32)
        assert [level.shape[1] for level in levels.seen(features)] == [32]


@pytest.mark.parametrize(
    "passes",
    [
        Passes(precision="bfloat16", channels_last=True),
        pytest.param(Passes(compile="default"), marks=pytest.mark.slow),
    ],
)
def test_however_passes_are_computed(passes):
    network = network_of(ResNet9(4, 0.0, "relu"), 3, 8).eval()
    images = torch.rand(4, 3, 8, 8)
    exact, levels = Levels(network, images), Levels(network, images)
    found = []
    for one, computed in ((exact, network), (levels, passes.of(network))):
        with one.watching():
            maps = computed.forward_features(images)
            found.append(one.seen(computed.forward_head(maps, pre_logits=True)))
        one.release()
    for one, other in zip(*found, strict=True):
        assert other.dtype == torch.float32
        torch.testing.assert_close(one, other, atol=0.05, rtol=0.05)


def test_a_pool_has_them_row_by_row():
    network = Network(SmallNetwork(N_CLASSES, 1), torch.full((1,), 0.5), torch.full((1,), 0.25))
    pixels = torch.randint(0, 256, (700, 1, 16, 16), dtype=torch.uint8)
    pool = ImagePool(
        HeldImages(pixels), HeldImages(pixels[:9]), torch.zeros(9).long(), N_CLASSES, network, None
    )
    first, second = pool.levels()
    torch.testing.assert_close(second, pool.embeddings())
    with torch.no_grad():
        maps = network.model.body[:3](network.normalized(pool.images()))
    torch.testing.assert_close(first, maps.mean(dim=(2, 3)))
    assert [level.shape for level in pool.levels("labeled")] == [(9, 8), (9, 16)]
    assert not any(one._forward_hooks for one in network.modules())
    pool.levels()[0].fill_(0)
    assert pool.levels()[0].any()


class OnLevels(LevelsExtension):
    def build_on_levels(self, widths, n_classes):
        self.widths = widths
        return torch.nn.Linear(sum(widths), n_classes)

    def loss(self, module, batch):
        return module(torch.cat(batch.levels, dim=1)).square().mean()


def test_an_extension_that_reads_them_is_built_on_their_widths():
    extension = OnLevels()
    network = network_of(ResNet9(4, 0.0, "relu"), 3, 16)
    images = torch.from_numpy(np.random.default_rng(0).random((5, 3, 16, 16), dtype=np.float32))
    built = built_extension(extension, network, 3, CPU, images[:1])
    assert extension.widths == (8, 16, 32, 32)
    batch = built.batch(network, images, lambda logits: logits.sum(dim=1), torch.zeros(5).long(), 0)
    torch.testing.assert_close(batch.levels[-1], batch.features)
    extension.loss(built.module, batch).backward()
    assert network.model.body[0][0].weight.grad.any()
    assert isinstance(extension.build(7, 2), torch.nn.Linear)
    assert extension.widths == (7,)

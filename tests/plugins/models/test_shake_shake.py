"""Shake-Shake: its coefficients, recovered from what it computes, and its forward pass."""

import pytest
import torch
from alharness_plugins.models.networks.shake_shake import Block, TwoPathSkip, shaken
from scipy import stats
from torch import nn


def size(width: int) -> int:
    """Parameters of Shake-Shake 26 with two branches and 10 classes, written from the paper."""
    total, channels = 3 * 9 * 16 + 2 * 16, 16
    for stage in (width, 2 * width, 4 * width):
        for _ in range(4):
            branch = 9 * channels * stage + 9 * stage * stage + 2 * 2 * stage
            skip = channels * stage + 2 * stage if channels != stage else 0
            total, channels = total + 2 * branch + skip, stage
    return total + channels * 10 + 10


def test_parameter_count(build, count):
    """26.2 M at width 96 (Gastaldi, 2017, table 3) ties the formula; ours has width 32."""
    assert round(size(96) / 1e6, 1) == 26.2
    assert count(build("shake-shake")) == size(32) == 2_923_162
    assert build("shake-shake").num_features == 128


def coefficients(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """α and β of one pass over n images: the branches are all ones and all zeros."""
    first = torch.ones(n, 2, 3, 3, requires_grad=True)
    second = torch.zeros(n, 2, 3, 3, requires_grad=True)
    mixed = shaken(first, second)
    mixed.sum().backward()
    alpha, beta = mixed.detach(), first.grad
    assert torch.allclose(second.grad, 1 - beta)
    for per_pixel in (alpha, beta):
        assert torch.allclose(per_pixel, per_pixel[:, :1, :1, :1].expand_as(per_pixel))
    return alpha[:, 0, 0, 0], beta[:, 0, 0, 0]


def test_coefficients_are_uniform_and_independent():
    alpha, beta = coefficients(4000)
    again, _ = coefficients(4000)
    for drawn in (alpha, beta):
        assert stats.kstest(drawn.numpy(), "uniform").pvalue > 1e-3
    for one, other in ((alpha, beta), (alpha, again), (alpha[1:], alpha[:-1])):
        assert abs(stats.pearsonr(one.numpy(), other.numpy()).statistic) < 0.06


def test_coefficients_come_from_the_seeded_generator():
    torch.manual_seed(3)
    first = coefficients(5)
    torch.manual_seed(3)
    second = coefficients(5)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])


class Share:
    """The α of a block's last pass, (n,): what its output says it was, by least squares."""

    def __init__(self, block: Block) -> None:
        self.value = torch.empty(0)
        self._branches: list[torch.Tensor] = []
        for branch in block.branches:
            branch.register_forward_hook(lambda _, __, output: self._branches.append(output))
        block.register_forward_hook(self._solve)

    def _solve(self, block: Block, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        first, second = self._branches
        self._branches.clear()
        direction = (first - second).flatten(1)
        offset = (output - block.skip(inputs[0]) - second).flatten(1)
        self.value = (direction * offset).sum(1) / direction.square().sum(1)
        assert torch.allclose(offset, self.value[:, None] * direction, atol=1e-4)


def training(network: nn.Module) -> nn.Module:
    """Training mode, but batch norms repeat themselves."""
    for module in network.train().modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    return network


@pytest.mark.slow
def test_coefficients_differ_between_images_blocks_and_passes(build):
    network = training(build("shake-shake"))
    shares = [Share(module) for module in network.modules() if isinstance(module, Block)]
    assert len(shares) == 12
    images = torch.rand(6, 3, 8, 8)
    drawn = []
    with torch.no_grad():
        for _ in range(2):
            network(images)
            drawn += [share.value for share in shares]
    values = torch.cat(drawn)
    assert len(values.unique()) == 2 * 12 * 6
    assert ((values > 0) & (values < 1)).all()
    assert stats.kstest(values.numpy(), "uniform").pvalue > 1e-3


def test_evaluation_takes_one_half_and_draws_nothing(build):
    network = build("shake-shake").eval()
    shares = [Share(module) for module in network.modules() if isinstance(module, Block)]
    state = torch.get_rng_state()
    with torch.no_grad():
        network(torch.linspace(0, 1, 2 * 3 * 64).reshape(2, 3, 8, 8))
    assert torch.equal(state, torch.get_rng_state())
    for share in shares:
        assert torch.allclose(share.value, torch.tensor(0.5), atol=1e-4)


def test_gradients_in_evaluation_take_one_half():
    block = Block(8, 8, 1, "relu").eval()
    images = torch.rand(3, 8, 8, 8, requires_grad=True)
    branches = sum(branch(images).sum() for branch in block.branches)
    (expected,) = torch.autograd.grad(branches / 2, images)
    (gradient,) = torch.autograd.grad((block(images) - images).sum(), images)
    assert torch.allclose(gradient, expected, atol=1e-5)


def test_skip_paths_see_even_pixels_and_those_up_and_left():
    skip = TwoPathSkip(1, 2, 2, "relu").eval()
    for convolution in (skip.straight, skip.shifted):
        nn.init.ones_(convolution.weight)
    pixels = torch.arange(1.0, 26).reshape(1, 1, 5, 5)
    with torch.no_grad():
        straight, shifted = skip(pixels)[0] * (1 + skip.normalization.eps) ** 0.5
    expected = [[1.0, 3, 5], [11, 13, 15], [21, 23, 25]]
    assert torch.allclose(straight, torch.tensor(expected))
    expected = [[0.0, 0, 0], [0, 7, 9], [0, 17, 19]]
    assert torch.allclose(shifted, torch.tensor(expected))


@pytest.mark.slow
def test_forward_pass_of_the_paper(build, as_if_trained):
    """Section 2: Conv-BN, blocks of ReLU-Conv-BN-ReLU-Conv-BN, ReLU, mean, linear."""
    network = build("shake-shake")
    as_if_trained(network)
    stem, normalization, *blocks, _ = network.body
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        x = normalization(stem(images))
        for number, block in enumerate(blocks):
            branches = []
            for branch in block.branches:
                conv1, bn1, conv2, bn2 = (m for m in branch if not isinstance(m, nn.ReLU))
                assert conv1.stride == ((2, 2) if number in (4, 8) else (1, 1))
                branches.append(bn2(conv2(bn1(conv1(x.relu())).relu())))
            x = block.skip(x) + branches[0] / 2 + branches[1] / 2
        expected = network.head(x.relu().mean(dim=(2, 3)))
        assert torch.allclose(network(images), expected, atol=1e-4)
        assert x.shape == (2, 128, 8, 8)

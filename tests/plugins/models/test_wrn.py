"""WRN-28-2 against its published size and a forward pass written from the paper."""

import pytest
import torch
from torch import nn
from torch.nn import functional


def test_parameter_count(build, count):
    """1 467 610, as papers on semi-supervised learning print it (Oliver et al., 2018: 1.5 M)."""
    assert count(build("wrn-28-2")) == 1_467_610


@pytest.mark.slow
def test_forward_pass_of_the_paper(build, as_if_trained):
    """Section 2 of Zagoruyko and Komodakis: B(3, 3) blocks, four of each of three widths."""
    network = build("wrn-28-2", dropout=0.0)
    as_if_trained(network)
    images = torch.rand(2, 3, 32, 32)
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    normalizations = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]

    def activated(x: torch.Tensor) -> torch.Tensor:
        return normalizations.pop(0)(x).relu()

    def convolved(x: torch.Tensor, stride: int = 1) -> torch.Tensor:
        weight = convolutions.pop(0).weight
        return functional.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2)

    with torch.no_grad():
        x = convolved(images)
        for number in range(12):
            stride = 2 if number in (4, 8) else 1
            inside = activated(x)
            residual = convolved(activated(convolved(inside, stride)))
            x = (convolved(inside, stride) if number in (0, 4, 8) else x) + residual
        expected = network.head(activated(x).mean(dim=(2, 3)))
        assert convolutions == []
        assert normalizations == []
        assert torch.allclose(network(images), expected, atol=1e-4)


def test_dropout_between_the_convolutions_of_each_block(build):
    network = build("wrn-28-2").eval()
    dropouts = [m for m in network.modules() if isinstance(m, nn.Dropout)]
    assert [dropout.p for dropout in dropouts] == [0.3] * 12
    entered: list[torch.Tensor] = []
    for dropout in dropouts:
        dropout.register_forward_hook(lambda _, inputs, __: entered.append(inputs[0]))
    with torch.no_grad():
        network(torch.rand(1, 3, 32, 32))
    assert [x.shape[1] for x in entered] == [32] * 4 + [64] * 4 + [128] * 4
    assert all((x >= 0).all() for x in entered), "dropout follows the activation"


def test_initialization(build):
    for module in build("wrn-28-2").modules():
        if isinstance(module, nn.Conv2d):
            area = module.kernel_size[0] ** 2
            expected = (2 / (area * module.out_channels)) ** 0.5
            assert abs(module.weight.std() / expected - 1) < 0.15
            assert module.bias is None

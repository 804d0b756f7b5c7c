"""Building models as the engine does: from their specs."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn

Build = Callable[..., nn.Module]


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture
def build(create: Callable[..., Any]) -> Build:
    """``build(name, n_classes, in_channels, image_size, **parameters)`` through the registry."""

    def build(
        name: str,
        n_classes: int = 10,
        in_channels: int = 3,
        image_size: int = 32,
        **parameters: Any,
    ) -> nn.Module:
        network: nn.Module = create("model", name, **parameters).build(
            n_classes, in_channels, image_size
        )
        return network

    return build


@pytest.fixture
def count() -> Callable[[nn.Module], int]:
    """Number of parameters."""
    return lambda network: sum(parameter.numel() for parameter in network.parameters())


@pytest.fixture
def as_if_trained() -> Callable[[nn.Module], None]:
    """Put a network into evaluation mode with batch norms that are no identities."""

    def as_if_trained(network: nn.Module) -> None:
        for module in network.eval().modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.running_mean, std=0.1)
                nn.init.uniform_(module.running_var, 0.5, 1.5)
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, std=0.1)

    return as_if_trained


@pytest.fixture
def transplant(as_if_trained) -> Callable[[nn.Module, nn.Module], None]:
    """Give two networks that list their tensors in one order the same ones, as if trained."""

    def transplant(source: nn.Module, target: nn.Module) -> None:
        as_if_trained(source)
        given, taken = source.state_dict(), target.eval().state_dict()
        assert [t.shape for t in given.values()] == [t.shape for t in taken.values()]
        target.load_state_dict(dict(zip(taken, given.values(), strict=True)))

    return transplant

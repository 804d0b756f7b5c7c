"""What a network that is trained in a stack consists of: linear layers, what is between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from alharness.api.errors import HarnessError


@dataclass(frozen=True)
class Layer:
    """A linear layer with bias, and what its inputs go through before it.

    ``name`` is the module's in the network, ``rectified`` whether its inputs go through ReLU,
    ``dropout`` the probability of dropping one.
    """

    name: str
    n_in: int
    n_out: int
    rectified: bool
    dropout: float


def layers_of(network: nn.Module) -> tuple[Layer, ...]:
    """The layers of a network whose modules act in the order of ``modules()``.

    Raises HarnessError for a module that cannot be stacked.
    """
    layers: list[Layer] = []
    rectified, dropout = False, 0.0
    for name, module in _leaves(network):
        match module:
            case nn.Linear() if module.bias is not None:
                layers.append(
                    Layer(name, module.in_features, module.out_features, rectified, dropout)
                )
                rectified, dropout = False, 0.0
            case nn.ReLU() if layers:
                rectified = True
            case nn.Dropout() if not dropout and module.p < 1:
                dropout = module.p
            case nn.Flatten() | nn.Identity():
                pass
            case _:
                raise _refused(f"{type(module).__name__} at '{name}'")
    if not layers or rectified or dropout:
        raise _refused("what does not end in a linear layer")
    return tuple(layers)


def _leaves(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for name, module in network.named_modules():
        if next(module.children(), None) is None:
            yield name, module


def _refused(what: str) -> HarnessError:
    return HarnessError(
        f"a stack of trainings has no way to train {what}",
        where="stackable models",
        remedy="They consist of Linear layers, with ReLU and one Dropout at most between two of "
        "them; let the model's `stackable` be False",
    )

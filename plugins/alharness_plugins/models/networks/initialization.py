"""Initial weights of convolutions."""

from __future__ import annotations

from torch import nn


def initialize_convolutions(network: nn.Module) -> None:
    """Normal with variance 2 / (kernel area · output channels), biases zero.

    He, Zhang, Ren and Sun (2015), Delving Deep into Rectifiers, section 2.2,
    equation 14: the variance that keeps the size of gradients.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)

"""What every convolutional model lets a suite choose; listed with the plugins, so without torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

import alharness

Activation = Literal["relu", "leaky-relu"]


class NetworkParameters(alharness.Parameters):
    """Dropout and activation; a model with another default of dropout names its own."""

    dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="probability of dropping a penultimate feature before the last linear layer",
    )
    activation: Activation = Field(
        "relu",
        description="what follows a normalization: 'relu', or 'leaky-relu' with slope 0.2 "
        "(supplement 1.4 of Munjal et al., 2022: the CIFAR-100 transfer experiment)",
    )

"""Models: what is trained on the labeled set."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from torch import nn


class Model(ABC):
    """Builds task models."""

    takes: ClassVar[frozenset[Literal["images", "features"]]] = frozenset({"images"})
    """What its networks can be given. A network on features gets ``(n, D)`` rows."""

    stackable: ClassVar[bool] = False
    """Whether its networks on features consist of Linear, ReLU, Dropout, Flatten and Identity
    modules, applied in the order of ``modules()``: then many of them are trained together, as one
    program, without a change of their results."""

    has_layers: ClassVar[bool] = True
    """Whether its networks compute something between their input and their last layer."""

    def has_dropout(self) -> bool | None:
        """Whether its networks have dropout that acts; None where it does not say."""
        return None

    def made_for(self) -> int | None:
        """The side of the images that the architecture is made for; None where it says nothing.

        Asked only where a network did not take the dataset's images, for the remedy.
        """
        return None

    @abstractmethod
    def build(self, n_classes: int, in_channels: int, image_size: int) -> nn.Module:
        """A freshly initialized network for images of (in_channels, image_size, image_size).

        On features, (D,), ``in_channels`` is D and ``image_size`` 1.

        The module has timm's interface: ``forward(x) -> (n, n_classes)``,
        ``forward_features(x)``, ``forward_head(features, pre_logits=False)``
        (with ``pre_logits=True`` the penultimate features, ``(n, num_features)``)
        and the attribute ``num_features``. ``get_classifier()`` is its last layer: a module
        that makes logits of penultimate features, ``(n, num_features) -> (n, n_classes)``,
        as ``forward_head`` does in evaluation mode. A network whose head ends in no such
        layer leaves it out; samplers that ask for the layer are then refused.
        Initialization draws from torch's global generators, which are seeded around the call.
        """

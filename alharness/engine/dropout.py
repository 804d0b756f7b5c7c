"""Monte-Carlo dropout in evaluation mode, with masks that all images share or of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from alharness.api.errors import HarnessError

_ALPHA = 1.7580993408473766
"""Minus the value that a dropped input of alpha dropout gets (Klambauer et al., 2017)."""

_WHOLE_CHANNELS = {
    functional.dropout1d,
    functional.dropout2d,
    functional.dropout3d,
    functional.feature_alpha_dropout,
}
_SELF_NORMALIZING = {functional.alpha_dropout, functional.feature_alpha_dropout}
_DROPOUT = {functional.dropout, *_WHOLE_CHANNELS, *_SELF_NORMALIZING}


@dataclass(frozen=True)
class _Mask:
    """Dropout as an affine map of each element; broadcast over images."""

    scale: torch.Tensor
    shift: torch.Tensor | None

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        """Raises HarnessError when the mask was drawn for inputs of another shape."""
        trailing = self.scale.shape[1:]
        fits = len(trailing) == inputs.ndim - 1 and all(
            size in (1, wanted) for size, wanted in zip(trailing, inputs.shape[1:], strict=True)
        )
        if not fits:
            raise HarnessError(
                f"one dropout sees inputs of {tuple(trailing)} and {tuple(inputs.shape[1:])} "
                "per image",
                where="Monte-Carlo dropout",
                remedy="Let images be the first dimension wherever the model drops out",
            )
        outputs = inputs * self.scale
        return outputs if self.shift is None else outputs + self.shift


class DropoutMasks(TorchFunctionMode):
    """While active, dropout samples although the network is in evaluation mode.

    The masks of a pass are drawn when they are first needed, from torch's global CPU
    generator, one for each dropout that the network carries out, and kept: every image
    in every later batch meets the same network. Modules and calls of
    ``torch.nn.functional`` count alike (timm's ResNets have no dropout module), only
    dropout inside fused attention does not. Nothing in the network is changed.
    """

    def __init__(self) -> None:
        super().__init__()
        self._masks: dict[tuple[int, int], _Mask] = {}
        self._pass = 0
        self.sampled = 0
        """Dropouts carried out since the pass was begun."""

    def begin(self, number: int) -> None:
        """What follows is pass ``number``."""
        self._pass, self.sampled = number, 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Called for each torch function; only dropout is done otherwise."""
        named = kwargs or {}
        if func not in _DROPOUT:
            return func(*args, **named)
        inputs, p = args[0], float(named["p"])
        if p == 0:
            return inputs
        mask = self._mask(func, inputs, p)
        self.sampled += 1
        return mask(inputs)

    def _mask(self, func: Callable[..., Any], inputs: torch.Tensor, p: float) -> _Mask:
        """The mask of this dropout in this pass."""
        place = (self._pass, self.sampled)
        if place not in self._masks:
            self._masks[place] = _draw(func, inputs, p, 1)
        return self._masks[place]


class MasksPerImage(DropoutMasks):
    """As ``DropoutMasks``, but every image of every pass meets masks of its own.

    What a network in training mode does. A pass is no network then.
    """

    def _mask(self, func: Callable[..., Any], inputs: torch.Tensor, p: float) -> _Mask:
        return _draw(func, inputs, p, len(inputs))


def _draw(func: Callable[..., Any], inputs: torch.Tensor, p: float, n_images: int) -> _Mask:
    """Masks for the inputs of ``n_images`` images to ``func`` with ``0 < p <= 1``."""
    shape = [n_images, *inputs.shape[1:]]
    if func in _WHOLE_CHANNELS:
        shape[2:] = [1] * len(shape[2:])
    # On the CPU, so that masks do not depend on the device.
    kept = (torch.rand(shape) >= p).to(inputs)
    if p == 1:
        return _Mask(kept, None)
    if func not in _SELF_NORMALIZING:
        return _Mask(kept / (1 - p), None)
    slope = ((_ALPHA**2 * p + 1) * (1 - p)) ** -0.5
    return _Mask(kept * slope, (kept - 1 + p) * (slope * _ALPHA))

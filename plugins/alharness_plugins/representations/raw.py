"""``raw``: the pixels themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import alharness

if TYPE_CHECKING:
    import torch


class RawPixels(alharness.Representation):
    """The pixels of all channels, one after the other: (n, channels · side · side) in [0, 1].

    The weakest baseline there is, and the one that needs nothing. Good for tests and for images as
    small as digits.
    """

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1)


@alharness.hookimpl
def alharness_representations() -> Iterator[alharness.RepresentationSpec]:
    yield alharness.RepresentationSpec(
        "raw",
        RawPixels,
        summary="The pixels as features",
        cost="None; as many features as an image has values: 3 072 of one of CIFAR-10.",
    )

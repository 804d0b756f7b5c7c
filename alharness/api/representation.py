"""Representations: functions from images to features, computed once per data set and shared."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from alharness.api.errors import UsageError

if TYPE_CHECKING:
    import torch

Part: TypeAlias = Literal["train", "test"]
"""Of a data set: its training images or its test images."""

Precision: TypeAlias = Literal["float16", "float32"]
"""What features are kept in."""


@dataclass(frozen=True, eq=False)
class GivenFeatures:
    """Features that somebody computed elsewhere, in the order of a data set's images.

    ``features`` is (n, D) floating point. What else is there tells whether the order is the
    data set's, and is checked: ``data``, the digest of the prepared part (``train_digest`` and
    ``test_digest`` of a bench's document); ``images``, a digest of each image,
    (n,) hexadecimal text (see ``alharness.image_digest``); ``labels``, (n,) integers.
    ``name`` is what it was read from, for messages.
    """

    features: NDArray[Any]
    name: str
    data: str | None = None
    images: NDArray[Any] | None = None
    labels: NDArray[Any] | None = None


def image_digest(image: NDArray[np.uint8]) -> str:
    """Digest of an image as the harness sees it: (channels, side, side) uint8; hexadecimal."""
    return hashlib.blake2b(np.ascontiguousarray(image).tobytes(), digest_size=16).hexdigest()


class Representation(ABC):
    """Turns images into features, each image by itself.

    One instance serves one part of one data set. Features are computed once and kept; they are
    part of the key of everything that is computed from them.
    """

    belongs_to_trial: ClassVar[bool] = False
    """Whether it is the task model's own: then the pool answers it, and nothing is kept."""

    def missing(self) -> UsageError | None:
        """The error to raise because its weights or files are not here, with the way to get them.

        None when they are. ``plan`` asks: fetch nothing.
        """
        return None

    def sources(self) -> Sequence[str]:
        """URLs that ``fetch`` fetches from; none for what is never fetched."""
        return ()

    def fetch(self) -> None:  # noqa: B027 - most have nothing to fetch
        """Fetch what is missing. Called by ``bench`` alone, where it may fetch.

        Raises UsageError when it cannot be had or is damaged.
        """

    def fingerprint(self) -> str:
        """What else determines the features: a digest of weights that no parameter names.

        Asked only where nothing is missing.
        """
        return ""

    def given(self, part: Part) -> GivenFeatures | None:
        """The features of a part where they were computed elsewhere; None to have them computed.

        Raises UsageError when they cannot be read.
        """
        return None

    @abstractmethod
    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Features (n, D), float32, of images (n, channels, side, side), float32 in [0, 1].

        On the device that the images are on; without gradients; D is the same for every call,
        and an image's features depend on no other image.
        """

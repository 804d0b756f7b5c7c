"""Framing: how an encoded image of any size becomes a square of pixels."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from alharness.api.decoding import UndecodableImage, decoded_image

if TYPE_CHECKING:
    from PIL import Image

Box: TypeAlias = tuple[int, int, int, int]

ATTEMPTS = 10

MAX_PIXELS = 1 << 28
"""An image that is very long and thin may take no more once its shorter side is scaled."""

KEPT_QUALITY = 90
"""Of the JPEGs that scaled images are kept as, as Pillow counts it: part of a dataset's digest."""

LONGEST_JPEG = 65_500
"""Pixels of the longer side that libjpeg takes at most."""


@dataclass(frozen=True)
class RandomView:
    """A part of an image, of random size, shape and place, drawn whenever it is trained on.

    Its share of the image's area is uniform in ``scale``, its width over its height
    log-uniform in ``ratio``; after ten parts that do not fit into the image it is the largest
    at the centre with a ratio in that range. So do Szegedy et al. (2015), Going Deeper with
    Convolutions, section 6, and torchvision's ``RandomResizedCrop``. It is mirrored left to
    right with probability ``mirrored``.
    """

    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    mirrored: float = 0.5

    def box(self, width: int, height: int, rng: np.random.Generator) -> Box:
        """Left, top, right and bottom edge of a part of an image of this size, in pixels."""
        low, high = (math.log(bound) for bound in self.ratio)
        for _ in range(ATTEMPTS):
            area = width * height * rng.uniform(*self.scale)
            ratio = math.exp(rng.uniform(low, high))
            across, down = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < across <= width and 0 < down <= height:
                left = int(rng.integers(width - across + 1))
                top = int(rng.integers(height - down + 1))
                return left, top, left + across, top + down
        return self._centre(width, height)

    def _centre(self, width: int, height: int) -> Box:
        across = min(width, round(height * self.ratio[1]))
        down = min(height, round(width / self.ratio[0]))
        left, top = (width - across) // 2, (height - down) // 2
        return left, top, left + across, top + down


@dataclass(frozen=True)
class Framing:
    """How encoded images become RGB, (3, side, side) uint8, decoded as ``alharness.decoded`` does.

    The shorter side is scaled to ``scaled_side`` (default ``side``), then the centre
    is kept. With a ``training_view``, what a model is trained on is instead such a part,
    scaled to side x side; everything else (evaluation, pool, statistics) sees the centre.
    Scaling is bilinear, with antialiasing.

    With a ``kept_side``, files whose shorter side is longer are kept scaled down to it, as JPEGs,
    and all of the above begins from these: small files are decoded faster, and what was thrown
    away is in no view. Raises ValueError when ``scaled_side < side`` or ``kept_side`` is less than
    either.
    """

    side: int
    scaled_side: int | None = None
    training_view: RandomView | None = None
    kept_side: int | None = None

    def __post_init__(self) -> None:
        if self.scaled_side is not None and self.scaled_side < self.side:
            raise ValueError(f"scaled_side {self.scaled_side} is less than side {self.side}")
        if self.kept_side is not None and self.kept_side < self._scaled:
            raise ValueError(f"kept_side {self.kept_side} is less than {self._scaled}")

    @property
    def _scaled(self) -> int:
        return self.scaled_side or self.side

    def kept(self, data: bytes) -> bytes:
        """What is kept of an encoded image: itself, unless ``kept_side`` makes it smaller.

        ``centred`` and ``viewed`` take what this gives. Raises UndecodableImage as ``centred``.
        """
        from PIL import Image

        if self.kept_side is None:
            return data
        rgb = decoded_image(data)
        if min(rgb.size) <= self.kept_side:
            return data
        size = _scaled_size(rgb, self.kept_side)
        if max(size) > LONGEST_JPEG:
            return data
        stream = io.BytesIO()
        rgb.resize(size, Image.Resampling.BILINEAR).save(stream, "JPEG", quality=KEPT_QUALITY)
        return stream.getvalue()

    def centred(self, data: bytes) -> NDArray[np.uint8]:
        """The centre of an encoded image. Raises UndecodableImage for none, or one too long."""
        from PIL import Image

        rgb = decoded_image(data)
        size = _scaled_size(rgb, self._scaled)
        left, top = (round((length - self.side) / 2) for length in size)
        whole = rgb.resize(size, Image.Resampling.BILINEAR)
        return _pixels(whole.crop((left, top, left + self.side, top + self.side)))

    def viewed(self, data: bytes, rng: np.random.Generator) -> NDArray[np.uint8]:
        """What a model is trained on: a random view of an encoded image, or its centre.

        Raises UndecodableImage for no image.
        """
        from PIL import Image

        view = self.training_view
        if view is None:
            return self.centred(data)
        rgb = decoded_image(data)
        part = rgb.crop(view.box(*rgb.size, rng))
        pixels = _pixels(part.resize((self.side, self.side), Image.Resampling.BILINEAR))
        return pixels[..., ::-1] if rng.random() < view.mirrored else pixels


def _scaled_size(image: Image.Image, shorter: int) -> tuple[int, int]:
    """Width and height once the shorter side is so long. Raises UndecodableImage for one too long.

    Rounded as torchvision's Resize and CenterCrop do.
    """
    width, height = image.size
    size = max(shorter, int(shorter * width / height)), max(shorter, int(shorter * height / width))
    if size[0] * size[1] > MAX_PIXELS:
        raise UndecodableImage(
            f"of {width} x {height} pixels it would be scaled to {size[0]} x {size[1]}",
            "Cut it, or remove the file",
        )
    return size


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image).transpose(2, 0, 1)

"""Decoding: what an encoded image shows, as 8-bit RGB, or why that cannot be told.

Everything that reads image files goes through here, those of other people's datasets too:
``alharness.decoded(path.read_bytes())``. Whatever Pillow reads is brought to one form:

- 8 bits per channel stay as they are; grey, palette, CMYK, YCbCr and black-and-white images become
  RGB as Pillow converts them. Embedded colour profiles are ignored.
- Grey images of more bits are scaled by their file's depth, 12 bits by 4 095, 16 bits by 65 535,
  so that white stays white; of RGB images of 16 bits, the upper eight are kept.
- 32-bit integers, floating-point numbers and Lab colours say nothing of what is white: refused.
- What is transparent shows a white background, also where a palette or one colour is transparent.
- The orientation that a camera noted (Exif, XMP) is applied, so that images stand upright.
- Of several frames or pages the first is taken.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

T = TypeVar("T")

BACKGROUND = (255, 255, 255)
"""What transparent pixels show."""

_BITS_PER_SAMPLE, _PHOTOMETRIC, _ORIENTATION = 258, 262, 274
"""Tags of TIFF and Exif."""

_SIXTEEN_BITS_AS_I = ("PNG", "PPM")
"""Formats whose 16 bits some versions of Pillow read as mode ``I``, scaled to 65 535."""


class UndecodableImage(OSError):
    """Data that gives no image; says why, and how to mend it.

    Its text is the reason. ``remedy`` is a sentence that completes "Mend it so:".
    """

    def __init__(self, reason: str, remedy: str = "Replace or remove the file") -> None:
        super().__init__(reason)
        self.remedy = remedy


def decoded(data: bytes) -> NDArray[np.uint8]:
    """An encoded image as RGB, (height, width, 3) uint8.

    Raises UndecodableImage, an OSError, for what is no image, is damaged or too large, or has
    pixels that nothing says how to scale to 8 bits.
    """
    return np.asarray(decoded_image(data))


def decoded_image(data: bytes) -> Image.Image:
    """As ``decoded``, as an image of Pillow in mode RGB."""

    def read(image: Image.Image) -> Image.Image:
        rgb = _rgb(image)
        # After the pixels: Pillow turns TIFF images itself when it reads them, and notes that.
        turn = _turn(image)
        return rgb if turn is None else rgb.transpose(turn)

    return _read(data, read)


def is_plain(data: bytes) -> bool:
    """Whether an image is upright, opaque and of 8 bits, so that Pillow alone decodes it so.

    Looks at the header only, where that is enough. Raises UndecodableImage as ``decoded``.
    """

    def look(image: Image.Image) -> bool:
        # TIFF images are turned by Pillow itself.
        lies = image.format != "TIFF" and _turn(image) is not None
        return not (_is_deep(image) or _is_transparent(image) or lies)

    return _read(data, look)


def _read(data: bytes, look: Callable[[Image.Image], T]) -> T:
    """What ``look`` makes of the image. Raises UndecodableImage for whatever Pillow raises."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            return look(image)
    except UndecodableImage:
        raise
    except Image.DecompressionBombError as error:
        raise UndecodableImage(
            str(error).rstrip("."), "Scale the image down, or remove the file"
        ) from error
    except UnidentifiedImageError as error:
        raise UndecodableImage("Pillow knows no image format that begins so") from error
    except Exception as error:  # damaged files make Pillow raise errors of all kinds
        raise UndecodableImage(str(error) or type(error).__name__) from error


def _rgb(image: Image.Image) -> Image.Image:
    from PIL import Image

    image.load()
    if _is_deep(image):
        return _eight_bits(image).convert("RGB")
    if not _is_transparent(image):
        return image.convert("RGB")
    shown = image.convert("LA").convert("RGBA") if image.mode == "La" else image.convert("RGBA")
    background = Image.new("RGBA", shown.size, (*BACKGROUND, 255))
    return Image.alpha_composite(background, shown).convert("RGB")


def _is_deep(image: Image.Image) -> bool:
    """Whether pixels have more than 8 bits, or are in a space that Pillow cannot convert."""
    return image.mode.startswith(("I", "F", "LAB"))


def _is_transparent(image: Image.Image) -> bool:
    return image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of more than 8 bits as grey of 8, rounded."""
    from PIL import Image

    white = _white(image)
    values = np.asarray(image).astype(np.int64)
    hidden = values == image.info["transparency"] if "transparency" in image.info else None
    grey = (values.clip(0, white) * 255 + white // 2) // white
    if getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == 0:
        grey = 255 - grey
    if hidden is not None:
        grey[hidden] = BACKGROUND[0]
    return Image.fromarray(grey.astype(np.uint8))


def _white(image: Image.Image) -> int:
    """The value of white, by the file's depth. Raises UndecodableImage where nothing tells it."""
    bits = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, (16,))[0]
    as_integers = image.mode == "I" and image.format in _SIXTEEN_BITS_AS_I
    if (image.mode.startswith("I;16") or as_integers) and bits <= 16:
        return int(2**bits - 1)
    kinds = {"I": "32-bit or signed integers", "F": "floating-point numbers", "LAB": "Lab colours"}
    raise UndecodableImage(
        f"its pixels are {kinds.get(image.mode, image.mode)}, and nothing says which one is white",
        "Save it with 8 or 16 bits per channel, or remove the file",
    )


def _turn(image: Image.Image) -> Image.Transpose | None:
    """How to set an image upright; None when it is, or says nothing that can be read."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    try:
        return turns.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged notes of a camera are no damage to the image
        return None

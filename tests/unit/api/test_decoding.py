"""Decoding: depth, transparency, orientation, and what is refused.

Independent sources: Pillow's own conversion for 8-bit images, the definitions of depth and of
compositing by hand, a table of the eight orientations from the Exif standard.
"""

import io
import struct

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from alharness import Framing, UndecodableImage, decoded
from alharness.api.decoding import is_plain

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (5, 7, 3)).astype(np.uint8)


def encoded(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def of(array, kind="PNG", **options):
    return encoded(Image.fromarray(array), kind, **options)


def written(value):
    """A grey PGM of 4 095 with one pixel."""
    return b"P5 1 1 4095 " + value.to_bytes(2, "big")


KINDS = {"PNG": "RGB L P 1", "TIFF": "RGB L P 1 CMYK", "BMP": "RGB L P 1", "JPEG": "RGB L CMYK 1"}
PLAIN = [(mode, kind) for kind, modes in KINDS.items() for mode in modes.split()]


@pytest.mark.parametrize(("mode", "kind"), [*PLAIN, ("P", "GIF"), ("L", "PPM"), ("RGB", "WEBP")])
def test_eight_bits_are_what_pillow_makes_of_them(mode, kind):
    data = encoded(Image.fromarray(RGB).convert(mode), kind)
    with Image.open(io.BytesIO(data)) as image:
        theirs = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(decoded(data), theirs)
    assert is_plain(data)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled(kind):
    values = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    grey = decoded(of(values, kind))
    np.testing.assert_array_equal(grey, np.rint(values / 65_535 * 255)[..., None].repeat(3, 2))
    assert not is_plain(of(values, kind))


def tiff_of_twelve_bits(first, second):
    """Two grey pixels: an uncompressed TIFF, little-endian, by the standard."""
    tags = [(256, 2), (257, 1), (258, 12), (259, 1), (262, 1)]
    tags += [(273, 8), (277, 1), (278, 1), (279, 3)]
    pixels = ((first << 12) | second).to_bytes(3, "big")
    entries = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in tags)
    folder = struct.pack("<H", len(tags)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", 12) + pixels + b"\0" + folder


def test_twelve_bits_are_scaled_by_4095():
    assert decoded(written(4095)).tolist() == [[[255] * 3]]
    assert decoded(written(2048)).tolist() == [[[128] * 3]]
    assert decoded(tiff_of_twelve_bits(4095, 2048))[0, :, 0].tolist() == [255, 128]


def test_where_zero_is_white_it_stays_so():
    values = np.array([[0, 65_535]], dtype=np.uint16)
    data = of(values, "TIFF", tiffinfo={262: 0})
    assert decoded(data)[0, :, 0].tolist() == [255, 0]


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (Image.new("I", (2, 2), 45_000), "32-bit or signed integers"),
        (Image.new("F", (2, 2), 0.5), "floating-point"),
        (Image.new("LAB", (2, 2)), "Lab"),
    ],
)
def test_what_has_no_known_white_is_refused(image, words):
    with pytest.raises(UndecodableImage, match=words) as raised:
        decoded(encoded(image, "TIFF"))
    assert "8 or 16 bits" in raised.value.remedy


def palette_with_a_hole():
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putdata([0, 1])
    return encoded(image, "PNG", transparency=0)


@pytest.mark.parametrize(
    ("data", "pixels"),
    [
        (of(np.array([[[0, 0, 0, 0], [0, 0, 0, 255]]], np.uint8)), [[255] * 3, [0] * 3]),
        (of(np.array([[[0, 100, 200, 51]]], np.uint8)), [[204, 224, 244]]),
        (of(np.array([[[7, 0], [7, 255]]], np.uint8)), [[255] * 3, [7] * 3]),
        (palette_with_a_hole(), [[255] * 3, [40, 50, 60]]),
        (of(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8), transparency=(1, 2, 3)),
         [[255] * 3, [4, 5, 6]]),
    ],
    ids=["RGBA", "half", "LA", "palette", "one colour"],
)  # fmt: skip
def test_transparent_images_lie_on_white(data, pixels):
    assert decoded(data)[0].tolist() == pixels
    assert not is_plain(data)


UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: a.transpose(1, 0, 2)[:, ::-1],
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: a.transpose(1, 0, 2)[::-1],
}
"""What a viewer does with each orientation."""


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_orientation_is_applied(orientation, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    data = of(RGB, kind, exif=exif, **options)
    np.testing.assert_array_equal(decoded(data), UPRIGHT[orientation](RGB))
    # Pillow itself turned TIFF images before.
    assert is_plain(data) == (orientation == 1 or kind == "TIFF")


def long_text():
    info = PngInfo()
    info.add_text("k", "x" * (3 << 20), zip=True)
    return encoded(Image.new("RGB", (2, 2)), pnginfo=info)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no image format"),
        (b"no image", "no image format"),
        (of(RGB)[:-60], "truncated"),
        (of(RGB, "JPEG")[:-200], "Truncated"),
        (encoded(Image.new("1", (20_000, 20_000))), "400000000 pixels"),
        (long_text(), "too large"),
    ],
    ids=["empty", "text", "short png", "short jpeg", "pixels", "text in an image"],
)
def test_what_cannot_be_decoded_is_an_os_error_with_a_remedy(data, words):
    for function in (decoded, Framing(4).centred):
        with pytest.raises(UndecodableImage, match=words) as raised:
            function(data)
        assert isinstance(raised.value, OSError)
        assert raised.value.remedy


def test_an_image_that_is_too_long_to_be_scaled_is_refused():
    with pytest.raises(UndecodableImage, match="of 30000 x 1 pixels it would"):
        Framing(100).centred(encoded(Image.new("L", (30_000, 1))))

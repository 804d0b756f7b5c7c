"""Framing of encoded images. Independent source: torchvision's transforms on PIL images."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms
from torchvision.transforms import functional

from alharness import Framing, RandomView

SIZES = [(500, 375), (375, 500), (256, 256), (300, 257), (90, 61), (224, 700), (3, 2), (1000, 333)]


def picture(width, height, seed=0):
    """A smooth image with noise, as PIL image and as PNG."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [127 + 100 * np.sin(x / 17 + y / 23 + colour) for colour in range(3)]
    pixels = (np.stack(waves, axis=2) + rng.normal(0, 10, (height, width, 3))).clip(0, 255)
    image = Image.fromarray(pixels.astype(np.uint8))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return image, stream.getvalue()


def as_pixels(image):
    return np.asarray(image).transpose(2, 0, 1)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("side", "scaled_side"), [(224, 256), (32, None), (33, 40)])
def test_the_centre_is_that_of_torchvision(size, side, scaled_side):
    image, data = picture(*size)
    theirs = transforms.Compose(
        [transforms.Resize(scaled_side or side), transforms.CenterCrop(side)]
    )(image)
    np.testing.assert_array_equal(Framing(side, scaled_side).centred(data), as_pixels(theirs))


def boxes_of_torchvision(view, size, n):
    image = Image.new("L", size)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        drawn = [
            transforms.RandomResizedCrop.get_params(image, list(view.scale), list(view.ratio))
            for _ in range(n)
        ]
    return np.array([(left, top, left + width, top + height) for top, left, height, width in drawn])


def quantiles(boxes, size):
    """Of a part's share of the area, log ratio, and place in [0, 1] across and down; (4, 9)."""
    left, top, right, bottom = boxes.T
    width, height = right - left, bottom - top
    described = [
        width * height / (size[0] * size[1]),
        np.log(width / height),
        left / np.maximum(1, size[0] - width),
        top / np.maximum(1, size[1] - height),
    ]
    return np.quantile(described, np.linspace(0.1, 0.9, 9), axis=1).T


@pytest.mark.parametrize(
    ("size", "view"),
    [
        ((500, 375), RandomView()),
        ((200, 640), RandomView()),
        ((96, 96), RandomView((0.3, 0.7), (0.5, 1.2))),
    ],
)
def test_random_views_are_distributed_as_in_torchvision(size, view):
    n = 6000
    rng = np.random.default_rng(1)
    ours = np.array([view.box(*size, rng) for _ in range(n)])
    left, top, right, bottom = ours.T
    assert (left >= 0).all()
    assert (top >= 0).all()
    assert (right <= size[0]).all()
    assert (bottom <= size[1]).all()
    theirs = boxes_of_torchvision(view, size, n)
    # Quantiles of 6 000 draws of a variable of width 1 differ by less than 0.03.
    difference = quantiles(ours, size) - quantiles(theirs, size)
    assert np.abs(difference).max() < 0.03


@pytest.mark.parametrize("size", [(1000, 10), (10, 1000), (40, 30)])
def test_where_no_part_fits_it_is_the_largest_at_the_centre(size):
    view = RandomView(scale=(2.0, 3.0))
    (theirs,) = np.unique(boxes_of_torchvision(view, size, 3), axis=0)
    assert view.box(*size, np.random.default_rng(0)) == tuple(theirs)


@pytest.mark.parametrize("mirrored", [0.0, 1.0])
def test_a_view_is_cut_out_and_scaled_as_in_torchvision(mirrored):
    image, data = picture(120, 90)
    view = RandomView(mirrored=mirrored)
    for seed in range(5):
        left, top, right, bottom = view.box(120, 90, np.random.default_rng(seed))
        theirs = functional.resized_crop(image, top, left, bottom - top, right - left, [24, 24])
        if mirrored:
            theirs = functional.hflip(theirs)
        ours = Framing(24, 30, view).viewed(data, np.random.default_rng(seed))
        np.testing.assert_array_equal(ours, as_pixels(theirs))


def test_half_of_the_views_are_mirrored():
    _, data = picture(8, 8)
    whole = RandomView(scale=(1, 1), ratio=(1, 1))
    framing = Framing(8, 8, whole)
    plain = framing.centred(data)
    views = [framing.viewed(data, np.random.default_rng(seed)) for seed in range(400)]
    mirrored = [np.array_equal(view, plain[..., ::-1]) for view in views]
    assert all(
        np.array_equal(view, plain) != is_ for view, is_ in zip(views, mirrored, strict=True)
    )
    assert 160 < sum(mirrored) < 240


def test_without_a_training_view_it_is_the_centre():
    _, data = picture(20, 30)
    framing = Framing(8, 10)
    views = [framing.viewed(data, np.random.default_rng(seed)) for seed in range(2)]
    for view in views:
        np.testing.assert_array_equal(view, framing.centred(data))


def test_a_centre_larger_than_the_image_is_refused():
    with pytest.raises(ValueError, match="scaled_side 10 is less than side 12"):
        Framing(12, 10)


def jpeg(image, **options):
    stream = io.BytesIO()
    image.save(stream, "JPEG", **options)
    return stream.getvalue()


@pytest.mark.parametrize("size", [(500, 375), (375, 500), (300, 257), (1000, 333)])
def test_kept_is_a_jpeg_of_the_scaled_image(size):
    """Independent source: torchvision's scaling, Pillow's JPEG of quality 90."""
    image, data = picture(*size)
    framing = Framing(32, 40, RandomView(), kept_side=256)
    kept = framing.kept(data)
    assert kept == jpeg(transforms.Resize(256)(image), quality=90)
    assert min(Image.open(io.BytesIO(kept)).size) == 256
    # It is kept once and for all.
    assert framing.kept(kept) == kept


def test_what_is_kept_scaled_shows_the_same_but_for_little():
    _, data = picture(500, 375)
    plain, kept = Framing(224, 256), Framing(224, 256, kept_side=256)
    difference = plain.centred(data).astype(int) - kept.centred(kept.kept(data))
    assert 0 < np.abs(difference).mean() < 4
    # The shorter side is scaled already: the centre is cut out and nothing more.
    whole = np.asarray(Image.open(io.BytesIO(kept.kept(data)))).transpose(2, 0, 1)
    np.testing.assert_array_equal(kept.centred(kept.kept(data)), whole[:, 16:240, 58:282])


def test_what_is_small_or_kept_as_it_is_stays_as_it_is():
    image, data = picture(300, 256)
    for framing in (Framing(224, 256, kept_side=256), Framing(224), Framing(8, kept_side=900)):
        assert framing.kept(data) == data
        assert framing.kept(jpeg(image, quality=30)) == jpeg(image, quality=30)
    # Longer than a JPEG can be, once it is scaled.
    data = jpeg(Image.new("L", (65_000, 10)))
    assert Framing(8, kept_side=9).kept(data) != data
    # So long that it could not be scaled up to the side, and need not be.
    stream = io.BytesIO()
    Image.new("L", (80_000, 10)).save(stream, "PNG")
    assert Framing(8, kept_side=2000).kept(stream.getvalue()) == stream.getvalue()
    assert Framing(8, kept_side=9).kept(stream.getvalue()) == stream.getvalue()


def test_what_is_kept_is_upright_and_opaque():
    image, _ = picture(60, 40)
    exif = Image.Exif()
    exif[0x0112] = 6
    framing = Framing(8, kept_side=20)
    kept = Image.open(io.BytesIO(framing.kept(jpeg(image, exif=exif))))
    assert (kept.size, kept.mode, 0x0112 in kept.getexif()) == ((20, 30), "RGB", False)
    stream = io.BytesIO()
    Image.new("RGBA", (60, 40)).save(stream, "PNG")
    assert (framing.centred(framing.kept(stream.getvalue())) > 250).all()


@pytest.mark.parametrize(("framing", "least"), [((12, None), 12), ((12, 14), 14)])
def test_kept_smaller_than_what_is_shown_is_refused(framing, least):
    with pytest.raises(ValueError, match=f"kept_side {least - 1} is less than {least}"):
        Framing(*framing, kept_side=least - 1)

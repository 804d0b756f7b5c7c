"""The contract of datasets: what ``load`` returns, checked before anything of it is used."""

from __future__ import annotations

import operator
from dataclasses import replace

import numpy as np

from alharness.api.dataset import ImageFiles, LabeledImages
from alharness.api.errors import PluginError

IMAGES = "uint8 (n, channels, side, side), or ImageFiles"


def checked_images(images: object, origin: str) -> LabeledImages:
    """What a dataset loaded, the number of classes as a Python integer.

    Raises PluginError for each breach of the contract that ``LabeledImages`` states;
    ``origin`` names the plugin.
    """

    def breach(what: str) -> PluginError:
        return PluginError(what, where=origin)

    if not isinstance(images, LabeledImages):
        raise breach(f"load returned {type(images).__name__}, expected LabeledImages")
    n_classes = _n_classes(images.n_classes)
    if n_classes is None or n_classes < 2:
        raise breach(f"its n_classes is {images.n_classes!r}, expected a whole number of 2 or more")
    shapes = {}
    for name in ("train", "test"):
        pictures = getattr(images, f"{name}_images")
        shape = _shape(pictures)
        if shape is None:
            raise breach(f"its {name} images are {_kind(pictures)}, expected {IMAGES}")
        if 0 in shape:
            raise breach(f"its {name} images are {_kind(pictures)}: there is nothing in them")
        shapes[name] = shape[1:]
        if wrong := _wrong_labels(getattr(images, f"{name}_labels"), shape[0], n_classes):
            raise breach(f"its {name} labels are {wrong}")
        names = getattr(images, f"{name}_names")
        if names is not None and len(names) != shape[0]:
            raise breach(f"its {name}_names are {len(names)}, of {shape[0]} {name} images")
    if shapes["train"] != shapes["test"]:
        raise breach(
            f"its training images are {_size(shapes['train'])}, its test images "
            f"{_size(shapes['test'])}: they must be of one size"
        )
    return replace(images, n_classes=n_classes)


def _n_classes(value: object) -> int | None:
    """A whole number, of Python or NumPy; None for anything else, True and 10.0 too."""
    if isinstance(value, bool | np.bool_):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def _shape(images: object) -> tuple[int, int, int] | None:
    """How many images, their channels and side; None for what are no square images."""
    if isinstance(images, ImageFiles):
        return len(images), 3, images.framing.side
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8 or images.ndim != 4:
        return None
    n, channels, height, width = images.shape
    return (n, channels, height) if height == width else None


def _wrong_labels(labels: object, n: int, n_classes: int) -> str:
    """What is wrong with labels of ``n`` images; empty when nothing is."""
    if not isinstance(labels, np.ndarray) or labels.dtype != np.int64 or labels.shape != (n,):
        return f"{_kind(labels)}, expected int64 ({n},)"
    outside = np.flatnonzero((labels < 0) | (labels >= n_classes))
    if not len(outside):
        return ""
    first = outside[0]
    return (
        f"not all in [0, {n_classes}): that of image {first} is {labels[first]}, and "
        f"{len(outside) - 1} more are outside"
    )


def _kind(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    return "None" if value is None else f"of type {type(value).__name__}"


def _size(shape: tuple[int, ...]) -> str:
    channels, side = shape
    return f"{channels} x {side} x {side}"

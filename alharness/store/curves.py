"""Curves: what a trial measured after each epoch, a small binary file beside its record."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from alharness.store.arrays import pack

CURVES = "curves.npz"
"""The name of the file beside a record."""


def write_curves(curves: Mapping[str, Sequence[float]]) -> bytes:
    """Curves by name, a float64 per epoch, as the bytes of an ``.npz``.

    What is not finite is kept as NaN; equal curves give equal bytes.
    """
    arrays: dict[str, NDArray[np.float64]] = {}
    for name, values in curves.items():
        array = np.asarray(values, dtype=np.float64)
        arrays[name] = np.where(np.isfinite(array), array, np.nan)
    return pack(arrays)


def read_curves(data: bytes) -> dict[str, list[float | None]]:
    """What ``write_curves`` was given; None for what was not finite."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {
            name: [None if math.isnan(value) else value for value in arrays[name].tolist()]
            for name in arrays.files
        }

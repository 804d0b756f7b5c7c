"""Points that are there more than once."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from alharness.selection.distances import Points
from alharness.selection.scale import ELEMENTS


def repeated_points(points: Points) -> NDArray[np.bool_]:
    """Which points equal an earlier one, (number of points,).

    Those of different norms are taken to differ, then those of different products with a fixed
    direction; the others are compared by BLAKE2b. Were equal points given different norms or
    products by some machine, that would cost time alone.
    """
    direction = np.random.default_rng(0).standard_normal(points.width, dtype=np.float32)
    repeated = np.zeros(len(points.norms), dtype=np.bool_)
    alike = _shared(points.norms)
    parts = [np.vecdot(rows, direction) for rows in _rows(points, alike)]
    alike = alike[_shared(np.concatenate([np.empty(0), *parts]))]
    seen: set[bytes] = set()
    digests = (_digest(row) for rows in _rows(points, alike) for row in rows)
    for point, digest in zip(alike, digests, strict=True):
        repeated[point] = digest in seen
        seen.add(digest)
    return repeated


def _shared(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """Where values stand that occur more than once."""
    _, kind, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.flatnonzero(count[kind] > 1)


def _rows(points: Points, which: NDArray[np.int64]) -> Iterator[NDArray[np.float32]]:
    """Their features, (k, D) at a time."""
    step = max(1, ELEMENTS // points.width)
    for start in range(0, len(which), step):
        yield points.exact(which[start : start + step])


def _digest(row: NDArray[np.float32]) -> bytes:
    # Adding zero makes negative zeros positive.
    return blake2b((row + 0).tobytes(), digest_size=16).digest()

"""What a sampler stored for images at an earlier query, found again by the images' numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def kept_values(
    numbers: NDArray[np.int64], stored: Mapping[str, NDArray[Any]], name: str
) -> tuple[NDArray[np.bool_], NDArray[Any]]:
    """Which images have a value that was stored, (n,), and these values, in their order.

    ``numbers`` are ``Pool.numbers`` of the images, (n,) int64, and ``stored`` is what
    ``Pool.stored`` gives: empty, or with ``"numbers"``, (m,) int64, all different, and under
    ``name`` a value for each, (m, ...), whatever the order. None is known where it is empty.
    Raises KeyError where it is not, and ``name`` is not in it.
    """
    if not stored:
        return np.zeros(len(numbers), dtype=np.bool_), np.empty(0)
    before = stored["numbers"]
    known = np.isin(numbers, before)
    order = before.argsort()
    places = order[np.searchsorted(before, numbers[known], sorter=order)]
    return known, stored[name][places]

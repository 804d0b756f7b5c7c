"""Arrays of strangers: index sets and files beside records, opened without executing anything."""

from __future__ import annotations

import json
import struct

import numpy as np

from alharness.bundles.contents import refused
from alharness.protocol.partition.sets import IndexSet
from alharness.store.arrays import pack, unpack

_LARGEST = 256 << 20
_HEADER_LENGTH = struct.Struct("<Q")
_MEMBERS = ({"indices"}, {"indices", "labels"})


def packed_set(index_set: IndexSet) -> bytes:
    """An index set as bundles hold it: the same bytes for the same set."""
    return pack(index_set.arrays())


def read_set(data: bytes, digest: str, name: str) -> IndexSet:
    """The index set in a file. Raises MismatchError unless it is the one with this digest."""
    arrays = require_arrays(data, name)
    right = arrays.keys() in _MEMBERS and all(
        array.dtype == np.dtype("<i8") and array.ndim == 1 for array in arrays.values()
    )
    if not right or len({len(array) for array in arrays.values()}) > 1:
        raise refused("is no index set", name)
    found = IndexSet(arrays["indices"], arrays.get("labels"))
    if found.digest != digest:
        raise refused("is not the index set that its name says", name)
    return found


def require_arrays(data: bytes, name: str) -> dict[str, np.ndarray]:
    """The arrays of an ``.npz``. Raises MismatchError for what is none, or holds objects."""
    try:
        return unpack(data, _LARGEST)
    except (ValueError, TypeError, MemoryError, SyntaxError, KeyError) as error:
        raise refused(f"holds no arrays that can be read: {error}", name) from None


def require_weights(data: bytes, name: str) -> None:
    """Raises MismatchError unless ``data`` is safetensors by its header: all of it is tensors."""
    try:
        (length,) = _HEADER_LENGTH.unpack_from(data)
        start = _HEADER_LENGTH.size + length
        header = json.loads(data[_HEADER_LENGTH.size : start])
        ends = [one["data_offsets"][1] for key, one in header.items() if key != "__metadata__"]
        whole = start + max(ends, default=0) == len(data)
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise refused("holds no weights that can be read", name)

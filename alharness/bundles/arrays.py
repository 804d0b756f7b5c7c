"""Arrays of strangers: index sets and files beside records, opened without executing anything."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alharness.bundles.contents import refused
from alharness.protocol.partition.sets import IndexSet
from alharness.store.arrays import pack, unpack
from alharness.store.feature_file import START, FeatureHeader, read_header
from alharness.store.features import StoredFeatures, features_digest

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


def packed_features(stored: StoredFeatures) -> bytes:
    """Features as bundles hold them: in the order of the data set, and so the same bytes."""
    return b"".join([stored.header.to_bytes(), *(block.tobytes() for block in stored.blocks())])


def read_features(data: bytes, header: FeatureHeader, digest: str, name: str) -> NDArray[Any]:
    """The features in a file, (n, D), in the order of the data set.

    Raises MismatchError unless the file is what ``header`` says, which its record and its inputs
    give, and they are the finite numbers that have this digest.
    """
    try:
        found = read_header(data)
    except ValueError as error:
        raise refused(f"holds no features that can be read: {error}", name) from None
    if found != header:
        raise refused(f"has {_shape(found)}, its record says {_shape(header)}", name)
    if len(data) != header.n_bytes:
        raise refused(f"has {len(data)} bytes; {_shape(header)} take {header.n_bytes}", name)
    flat = np.frombuffer(data, header.dtype, offset=START)
    features = flat.reshape(header.n, header.width)
    if features_digest(header, [features]) != digest:
        raise refused("is not what its record names", name)
    if not np.isfinite(features).all():
        raise refused("holds numbers that are not finite", name)
    return features


def _shape(header: FeatureHeader) -> str:
    return f"{header.precision} features of {header.n} images, {header.width} wide"


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

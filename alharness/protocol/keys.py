"""Keys and digests: BLAKE2b of canonical JSON, and of arrays."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIGEST_BYTES = 16

_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
)


def canonical_json(value: Any) -> bytes:
    """The one spelling of a JSON value: sorted keys, no spaces, ASCII.

    Raises ValueError for NaN and infinities, TypeError for what is not JSON.
    """
    return _ENCODER.encode(value).encode("ascii")


def digest(value: Any) -> str:
    """Digest of a JSON value: 32 hexadecimal characters."""
    return digest_bytes(canonical_json(value))


def digest_bytes(data: bytes) -> str:
    """Digest of bytes: 32 hexadecimal characters."""
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).hexdigest()


def digest_arrays(**arrays: NDArray[Any]) -> str:
    """Digest of named arrays: names, dtypes, shapes and contents (little-endian, C order)."""
    hasher = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for name, array in sorted(arrays.items()):
        contiguous = np.asarray(array, order="C")
        little = contiguous.astype(contiguous.dtype.newbyteorder("<"), copy=False)
        hasher.update(canonical_json([name, little.dtype.str, list(little.shape)]))
        hasher.update(little.reshape(-1).view(np.uint8).data)
    return hasher.hexdigest()

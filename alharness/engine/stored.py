"""What a query stores for the next one of its run: checked, packed, read again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from alharness.api.errors import ContractViolation
from alharness.api.sampler import STORED_BYTES
from alharness.engine.querying import as_array
from alharness.store.arrays import pack, unpack

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_KINDS = "biufc"
"""NumPy's kinds of booleans, integers, real and complex numbers."""


def packed_stored(stored: Any, origin: str) -> bytes | None:
    """A sampler's ``stored`` as the bytes of an ``.npz``; None when it stored nothing.

    Raises ContractViolation when it is no mapping of names to arrays of numbers or
    booleans, or takes more than ``alharness.STORED_BYTES``.
    """
    arrays = _checked(stored, origin)
    if not arrays:
        return None
    size = sum(array.nbytes for array in arrays.values())
    packed = pack(arrays) if size <= STORED_BYTES else b""
    if max(size, len(packed)) > STORED_BYTES:
        raise _broken(f"it stored {max(size, len(packed))} bytes", origin)
    return packed


def unpacked_stored(packed: bytes | None, origin: str) -> dict[str, NDArray[Any]]:
    """The arrays that ``packed_stored`` packed. Raises ContractViolation for anything else."""
    if packed is None:
        return {}
    try:
        arrays = unpack(packed, STORED_BYTES)
    except ValueError as error:
        raise _broken(f"what was stored cannot be read: {error}", origin) from error
    return _checked(arrays, origin)


def _checked(stored: Any, origin: str) -> dict[str, NDArray[Any]]:
    if not isinstance(stored, Mapping):
        raise _broken(f"stored is {type(stored).__name__}", origin)
    arrays = {}
    for name, value in stored.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise _broken(f"{name!r} is no name for what is stored", origin)
        array = as_array(value)
        if array is None or array.dtype.kind not in _KINDS:
            what = "no array" if array is None else f"an array of {array.dtype}"
            raise _broken(f"stored[{name!r}] is {what}", origin)
        arrays[name] = array
    return arrays


def _broken(how: str, origin: str) -> ContractViolation:
    rule = (
        "stored maps names of letters, digits, '_', '.' and '-' to arrays of numbers or "
        f"booleans, all together at most {STORED_BYTES >> 20} MiB"
    )
    return ContractViolation(f"{how}; {rule}", where=origin)

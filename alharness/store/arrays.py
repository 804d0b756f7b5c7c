"""Named arrays as one file: ``.npz``, the same bytes for the same arrays, never pickled."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""A zip file's earliest time: when it was written is no part of what it says."""

_HEADERS: Mapping[tuple[int, int], Any] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
"""How the header of an array is read, by version."""


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """An uncompressed ``.npz`` of arrays without objects, little-endian, sorted by name.

    Raises ValueError for an array of objects.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in sorted(arrays):
            array = np.asarray(arrays[name], order="C")
            array = array.astype(array.dtype.newbyteorder("<"), copy=False)
            member = zipfile.ZipInfo(f"{name}.npy", _LONG_AGO)
            member.create_system = 3
            with file.open(member, "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, array, allow_pickle=False)
    return buffer.getvalue()


def unpack(packed: bytes, limit: int) -> dict[str, NDArray[Any]]:
    """The arrays in an ``.npz``.

    Raises ValueError for what is none, holds objects, is larger than ``limit`` bytes
    when it is unpacked, or promises larger arrays than it holds.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as file:
            size = sum(member.file_size for member in file.infolist())
            if size > limit:
                raise ValueError(f"it holds {size} bytes, more than {limit}")
            for member in file.infolist():
                with file.open(member) as stream:
                    _require_kept(stream, member.file_size)
        with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise ValueError(f"it is no .npz file: {error}") from error


def _require_kept(stream: IO[bytes], size: int) -> None:
    """Raises ValueError unless an ``.npy`` has as many bytes as its header says.

    NumPy makes an array of the header's shape before it reads what is to be in it.
    """
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"an array is of version {version}")
    shape, _, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        raise ValueError("it holds objects")
    if math.prod(shape) * dtype.itemsize + stream.tell() != size:
        raise ValueError(f"an array of shape {shape} is not what it holds")

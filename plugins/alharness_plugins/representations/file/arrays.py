"""Arrays in a stranger's file, ``.npz`` or ``.safetensors``: nothing in it is executed.

What arrays are is told by their headers; they are read one by one, and where they lie (mapped
into memory) unless they are compressed.
"""

from __future__ import annotations

import math
import struct
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

LARGEST = 4 << 30
"""Bytes that a compressed array may have: all of it is unpacked into memory."""

MOST_TIMES = 100
"""An array that compression makes smaller than by this holds next to nothing."""

_SMALL = 1 << 20
"""Bytes that do no harm however well they are compressed."""

_HEADERS: Mapping[tuple[int, int], Any] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
"""How the header of a ``.npy`` is read, by version."""

_LOCAL_HEADER = struct.Struct("<4s22xHH")
"""Of a member of a zip file: signature, length of its name and of what follows it."""

_TENSOR_TYPES = {
    "F16": "float16",
    "BF16": "float32",
    "F32": "float32",
    "F64": "float64",
    "U8": "uint8",
    "I8": "int8",
    "I16": "int16",
    "U16": "uint16",
    "I32": "int32",
    "U32": "uint32",
    "I64": "int64",
    "U64": "uint64",
}
"""NumPy's types of safetensors' own; of bfloat16, which NumPy lacks, the one that holds it."""


class Header(NamedTuple):
    """What an array is; ``dtype`` is None where it is nothing that we read."""

    dtype: np.dtype[Any] | None
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.dtype or 'of another type'} {self.shape}"


class ArrayFile(ABC):
    """The arrays of a file by their names. What goes wrong with it raises whatever it raises."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """All names."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """Texts beside the arrays."""
        return {}

    @abstractmethod
    def header(self, name: str) -> Header:
        """What an array is, read from the beginning of it."""

    @abstractmethod
    def array(self, name: str) -> NDArray[Any]:
        """An array without objects."""


def open_arrays(path: Path) -> ArrayFile:
    """The arrays of a file. Raises ValueError for what is of neither format."""
    with path.open("rb") as file:
        signature = file.read(2)
    if signature == b"PK":
        return NpzFile(path)
    if path.suffix == ".safetensors":
        return TensorFile(path)
    raise ValueError("it is neither an .npz nor a .safetensors file")


class NpzFile(ArrayFile):
    """An ``.npz``: a zip file of ``.npy`` files."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with zipfile.ZipFile(path) as file:
            self._members = {
                member.filename.removesuffix(".npy"): member
                for member in file.infolist()
                if member.filename.endswith(".npy")
            }

    @property
    def names(self) -> list[str]:
        return list(self._members)

    def header(self, name: str) -> Header:
        """Raises ValueError for an array that is not as long as its header says."""
        member = self._members[name]
        with zipfile.ZipFile(self.path) as file, file.open(member) as stream:
            shape, _, dtype = _npy_header(stream)
            if dtype.hasobject or dtype.names:
                return Header(None, shape)
            if math.prod(shape) * dtype.itemsize + stream.tell() != member.file_size:
                raise ValueError(f"array '{name}' of shape {shape} is not what it holds")
        return Header(dtype, shape)

    def array(self, name: str) -> NDArray[Any]:
        """Raises ValueError for one that is damaged, holds objects or would take too much."""
        if self.header(name).dtype is None:
            raise ValueError(f"array '{name}' holds objects")
        member = self._members[name]
        stored = member.compress_type == zipfile.ZIP_STORED
        return self._mapped(member) if stored else self._unpacked(member)

    def _mapped(self, member: zipfile.ZipInfo) -> NDArray[Any]:
        with zipfile.ZipFile(self.path) as file, file.open(member) as stream:
            shape, fortran, dtype = _npy_header(stream)
            inside = stream.tell()
            while stream.read(_SMALL):  # which compares its sum
                pass
        with self.path.open("rb") as raw:
            raw.seek(member.header_offset)
            signature, name, extra = _LOCAL_HEADER.unpack(raw.read(_LOCAL_HEADER.size))
        if signature != b"PK\x03\x04":
            raise ValueError("its directory points elsewhere")
        offset = member.header_offset + _LOCAL_HEADER.size + name + extra + inside
        order: Literal["F", "C"] = "F" if fortran else "C"
        mapped: NDArray[Any] = np.memmap(self.path, dtype, "r", offset, shape, order)
        return mapped

    def _unpacked(self, member: zipfile.ZipInfo) -> NDArray[Any]:
        if member.file_size > min(LARGEST, max(_SMALL, MOST_TIMES * member.compress_size)):
            raise ValueError(
                f"'{member.filename}' unpacks from {member.compress_size} bytes to "
                f"{member.file_size}; written by numpy.savez, uncompressed, it may be of any size"
            )
        with zipfile.ZipFile(self.path) as file, file.open(member) as stream:
            unpacked: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        return unpacked


class TensorFile(ArrayFile):
    """A ``.safetensors`` file: safetensors checks its header and maps its tensors."""

    def __init__(self, path: Path) -> None:
        from safetensors import safe_open

        super().__init__(path)
        self._file: Any = safe_open(path, framework="pt")

    @property
    def names(self) -> list[str]:
        return list(self._file.keys())

    @property
    def metadata(self) -> Mapping[str, str]:
        return self._file.metadata() or {}

    def header(self, name: str) -> Header:
        about = self._file.get_slice(name)
        dtype = _TENSOR_TYPES.get(str(about.get_dtype()))
        return Header(None if dtype is None else np.dtype(dtype), tuple(about.get_shape()))

    def array(self, name: str) -> NDArray[Any]:
        """Raises ValueError for one of a type that NumPy does not have."""
        dtype = self.header(name).dtype
        if dtype is None:
            raise ValueError(f"array '{name}' is of a type that is not read")
        tensor = self._file.get_tensor(name)
        widened = tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor
        array: NDArray[Any] = widened.numpy()
        return array


def _npy_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"an array is of version {version}")
    header: tuple[tuple[int, ...], bool, np.dtype[Any]] = _HEADERS[version](stream)
    return header

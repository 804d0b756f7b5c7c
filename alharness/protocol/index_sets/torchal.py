"""The index sets published with the paper: TorchAL's folders of ``.npy`` files.

Most of these are object arrays, which are pickles. A pickle is a program; here it is only read,
symbol by symbol, for the one list of whole numbers that it would build.
"""

from __future__ import annotations

import io
import pickletools
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alharness.api.errors import UsageError
from alharness.api.text import one_line
from alharness.protocol.index_sets.file import read_bounded
from alharness.protocol.partition.given import GivenSplits
from alharness.protocol.partition.splits import Split

_INTEGERS = {"BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "LONG4"}
_IN_LISTS = {"MARK", "APPEND", "APPENDS", "BINPUT", "LONG_BINPUT", "MEMOIZE", "FRAME"}
_PARTS = {"lSet": "initial", "uSet": "pool", "valSet": "validation"}


def read_torchal(folder: Path) -> GivenSplits:
    """The splits below a folder: its own, or those of its folders ``partition_1``, ….

    A split is three files whose names begin with ``lSet``, ``uSet`` and ``valSet``. Raises
    UsageError for anything else.
    """
    folders = sorted(folder.glob("partition_*"), key=_number) or [folder]
    try:
        return GivenSplits(tuple(map(_split, folders)))
    except ValueError as error:
        raise _unusable(folder, str(error)) from None


def _number(path: Path) -> tuple[int, str]:
    digits = re.search(r"(\d+)$", path.name)
    return (int(digits[1]) if digits else -1, path.name)


def _split(folder: Path) -> Split:
    return Split(**{name: _part(folder, prefix) for prefix, name in _PARTS.items()})


def _part(folder: Path, prefix: str) -> NDArray[np.int64]:
    files = sorted(folder.glob(f"{prefix}*.npy"))
    if len(files) != 1:
        raise _unusable(folder, f"it has {len(files)} files {prefix}*.npy, not one")
    try:
        return read_npy(read_bounded(files[0]))
    except ValueError as error:
        raise _unusable(files[0], str(error)) from None


def read_npy(data: bytes) -> NDArray[np.int64]:
    """The whole numbers, (n,), in a ``.npy`` file, an object array's too. Executes nothing.

    Raises ValueError when it holds anything else.
    """
    try:
        return _numbers(data)
    except ValueError:
        raise
    except Exception as error:  # of a damaged file NumPy, tokenize and struct raise their own
        raise ValueError(f"it is damaged ({type(error).__name__})") from None


def _numbers(data: bytes) -> NDArray[np.int64]:
    stream = io.BytesIO(data)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("its format is not 1.0")
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    if len(shape) != 1:
        raise ValueError(f"it holds an array of {len(shape)} dimensions, not of one")
    if dtype.hasobject:
        numbers = np.array(list(_pickled_numbers(data[stream.tell() :])), dtype=np.int64)
    elif np.issubdtype(dtype, np.integer) and shape[0] * dtype.itemsize <= len(data):
        numbers = np.frombuffer(data, dtype, shape[0], stream.tell()).astype(np.int64)
    else:
        raise ValueError("it holds no whole numbers")
    if len(numbers) != shape[0]:
        raise ValueError(f"it says that it has {shape[0]} numbers, and has {len(numbers)}")
    return numbers


def _pickled_numbers(pickle: bytes) -> Iterator[int]:
    """The numbers of the one list in a pickled array of objects.

    Behind the first empty list come numbers, and the symbols that put them into it, up to the
    tuple that the array's state is.
    """
    symbols = pickletools.genops(pickle)
    for symbol, _, _ in symbols:
        if symbol.name == "EMPTY_LIST":
            break
    for symbol, argument, _ in symbols:
        if symbol.name in _INTEGERS:
            yield int(argument)  # type: ignore[arg-type]  # of these symbols it is a number
        elif symbol.name == "TUPLE":
            return
        elif symbol.name not in _IN_LISTS:
            raise ValueError(f"its list holds something else than whole numbers ({symbol.name})")
    raise ValueError("it holds no list of whole numbers")


def _unusable(path: Path, why: str) -> UsageError:
    return UsageError(
        f"holds no index sets as TorchAL publishes them: {one_line(why, 200)}",
        where=one_line(str(path), 200),
        remedy="Give a folder with lSet*.npy, uSet*.npy and valSet*.npy, or with such folders "
        "partition_1, partition_2, …",
    )

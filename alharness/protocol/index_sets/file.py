"""Index sets as ``.json`` and as ``.npz``: the same content, the second with arrays apart.

In a ``.npz`` the array ``about`` is the JSON, a text; in it the name of an array stands for each
list of numbers.
"""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from alharness.api.errors import UsageError
from alharness.api.text import one_line
from alharness.protocol.index_sets.content import IndexSets
from alharness.protocol.partition.given import GivenSplits

LARGEST = 512 << 20
"""Bytes of a file, and of what a ``.npz`` unpacks to: twenty initial sets of ImageNet."""

_NUMBERS = ("initial", "pool", "validation", "left_out", "indices", "labels")


def read_given(path: Path) -> GivenSplits:
    """The splits in a file of index sets. Raises UsageError as ``read_index_sets`` does."""
    content = read_index_sets(path)
    try:
        return content.given()
    except ValueError as error:
        raise _unusable(path, str(error)) from None


def read_index_sets(path: Path) -> IndexSets:
    """What a ``.json`` or ``.npz`` holds. Executes nothing in it.

    Raises UsageError for a file that cannot be read, or holds something else.
    """
    data = read_bounded(path)
    try:
        value = _from_npz(data) if path.suffix == ".npz" else json.loads(data)
        if not isinstance(value, dict):
            raise ValueError("it holds no table")
        if value.get("schema") != 1:
            raise ValueError(f"its schema is {one_line(str(value.get('schema')), 40)}, not 1")
        return IndexSets.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise _unusable(path, f"'{place}': {first['msg']}") from None
    except RecursionError:
        raise _unusable(path, "it is nested too deep") from None
    except Exception as error:  # zipfile, zlib, NumPy and json each raise kinds of their own
        raise _unusable(path, str(error) or type(error).__name__) from None


def read_bounded(path: Path) -> bytes:
    """The bytes of a regular file of at most ``LARGEST``. Raises UsageError."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _unusable(path, "it is no regular file")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"cannot be read: {reason}",
            where=one_line(str(path), 200),
            remedy="Give the path of a file that 'alharness splits' wrote",
        ) from None
    if len(data) > LARGEST:
        raise _unusable(path, f"it is larger than {LARGEST >> 20} MiB")
    return data


def as_json(content: IndexSets) -> bytes:
    """The bytes of the ``.json``; the same for the same content."""
    return (json.dumps(content.to_json(), separators=(",", ":"), allow_nan=False) + "\n").encode()


def as_npz(content: IndexSets) -> bytes:
    """The bytes of the ``.npz``; the same for the same content, whenever it is written."""
    arrays: dict[str, NDArray[Any]] = {}

    def apart(name: str, numbers: Any) -> Any:
        arrays[name] = np.array(numbers, dtype=np.int64)
        return name

    about = json.dumps(_replaced(content.to_json(), apart), allow_nan=False)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in {"about": np.array(about), **arrays}.items():
            file = io.BytesIO()
            np.lib.format.write_array(file, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, file.getvalue(), zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _from_npz(data: bytes) -> Any:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
            raise ValueError(f"it unpacks to more than {LARGEST >> 20} MiB")
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        if "about" not in arrays:
            raise ValueError("it has no array 'about'")
        about = json.loads(str(arrays["about"][()]))
        return _replaced(about, lambda _, name: _array(arrays, name))


def _array(arrays: Mapping[str, NDArray[Any]], name: Any) -> Any:
    if not isinstance(name, str) or name == "about" or name not in arrays:
        raise ValueError(f"it has no array {one_line(str(name), 60)!r}")
    return arrays[name]


def _replaced(value: Any, replace: Callable[[str, Any], Any], place: str = "") -> Any:
    """The JSON with something else for each list of numbers; ``replace`` gets its place, too."""
    if isinstance(value, dict):
        return {
            key: replace(f"{place}{key}", one)
            if key in _NUMBERS
            else _replaced(one, replace, f"{place}{key}-")
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_replaced(one, replace, f"{place}{number}-") for number, one in enumerate(value)]
    return value


def _unusable(path: Path, why: str) -> UsageError:
    return UsageError(
        f"holds no index sets: {one_line(why, 200)}",
        where=one_line(str(path), 200),
        remedy="Give a .json or .npz that 'alharness splits export' or 'import' wrote",
    )

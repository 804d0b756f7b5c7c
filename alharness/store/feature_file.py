"""The header of a file of features: an ``.npy`` of version 1.0, float16 or float32, (n, D).

NumPy reads such a file. Here it is read without NumPy's parser, since strangers pack them, too:
a header is taken only as it is written here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from alharness.api.representation import Precision

START = 128
"""Bytes before the first row."""

_MAGIC = b"\x93NUMPY\x01\x00"
_LENGTH = START - len(_MAGIC) - 2
_TEXT = re.compile(
    rb"\{'descr': '<f(?P<bytes>[24])', 'fortran_order': False, "
    rb"'shape': \((?P<n>0|[1-9][0-9]{0,17}), (?P<width>[1-9][0-9]{0,17})\), \} *\n"
)


@dataclass(frozen=True)
class FeatureHeader:
    """What a file of features holds: of ``n`` images ``width`` numbers each, at least one."""

    precision: Precision
    n: int
    width: int

    @property
    def dtype(self) -> np.dtype[Any]:
        """Little-endian."""
        return np.dtype(self.precision).newbyteorder("<")

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return self.width * self.dtype.itemsize

    @property
    def n_bytes(self) -> int:
        """Bytes of the whole file."""
        return START + self.n * self.row_bytes

    def to_bytes(self) -> bytes:
        """As it is written: ``START`` bytes."""
        text = (
            f"{{'descr': '{self.dtype.str}', 'fortran_order': False, "
            f"'shape': ({self.n}, {self.width}), }}"
        )
        padded = text.ljust(_LENGTH - 1) + "\n"
        return _MAGIC + _LENGTH.to_bytes(2, "little") + padded.encode("ascii")


def read_header(data: bytes) -> FeatureHeader:
    """The header that a file begins with; ``data`` are its first ``START`` bytes, or more.

    Raises ValueError for any other, and so for all that is no array of features.
    """
    before = len(_MAGIC) + 2
    match = _TEXT.fullmatch(data[before:START])
    if match is not None:
        precision: Precision = "float16" if match["bytes"] == b"2" else "float32"
        header = FeatureHeader(precision, int(match["n"]), int(match["width"]))
        if header.to_bytes() == data[:START]:
            return header
    raise ValueError("it does not begin as a file of features does")

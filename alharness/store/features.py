"""Features of a part of a data set by a representation: one array on disk, read by its rows.

Rows lie in a random order that nobody can guess, so that no row number tells a class; which
row an image has stands in a file beside them.
"""

from __future__ import annotations

import io
import mmap
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from alharness.api.representation import Precision
from alharness.protocol.keys import DIGEST_BYTES, canonical_json
from alharness.store.checkpoints import CheckpointMissing
from alharness.store.feature_file import START, FeatureHeader, read_header
from alharness.store.files import cannot_write, open_file, read, set_aside
from alharness.store.seen import Look, look_at

FEATURES, ROWS = "features.npy", "rows.npy"

_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class StoredFeatures:
    """Features on disk. ``rows``, (n,) int64, is the row of each image by its dataset index."""

    data: NDArray[Any]
    rows: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int]:
        """(n, D)."""
        return len(self.rows), self.data.shape[1]

    def __getitem__(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """The features of the images at these positions, (len(positions), D)."""
        return self.data[self.rows[positions]].astype(np.float32, copy=False)

    @property
    def header(self) -> FeatureHeader:
        """As it stands at the beginning of the file."""
        return FeatureHeader("float16" if self.data.dtype.itemsize == 2 else "float32", *self.shape)

    def blocks(self) -> Iterator[NDArray[Any]]:
        """All of them as they are kept, in the order of the data set, some thousand rows each."""
        for first in range(0, len(self.rows), _AT_ONCE):
            yield self.data[self.rows[first : first + _AT_ONCE]]


def open_features(folder: Path) -> StoredFeatures:
    """The features in a folder. Raises CheckpointMissing when they cannot be read."""
    try:
        rows = np.load(io.BytesIO(read(folder / ROWS)), allow_pickle=False)
        with open_file(folder / FEATURES) as stream:
            data = _mapped(stream)
        if rows.dtype != np.int64 or rows.shape != data.shape[:1]:
            raise ValueError("rows and features do not fit each other")
        if len(rows) and not 0 <= rows.min() <= rows.max() < len(rows):
            raise ValueError("it names rows that are not there")
    except (OSError, ValueError, EOFError, MemoryError) as error:
        raise CheckpointMissing(f"no features ({error})", where=str(folder)) from error
    return StoredFeatures(data, rows)


class Features:
    """The folders below ``root/features``, one for the key of each representation's unit."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "features"
        self._damaged = root / "damaged"
        self._whole: dict[str, tuple[str, list[Look | None]]] = {}

    def write(self, key: str, n: int, precision: Precision, blocks: Iterable[NDArray[Any]]) -> str:
        """Keep the features of ``n`` images, which come in the order of the data set.

        ``blocks`` are (b, D) each, D the same. Returns the digest of all, in that order: where rows
        lie does not count. Where the same lie there already, those stay; what else is there is set
        aside. Raises HarnessError, naming the folder, when the disk refuses.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".writing-", dir=self._folder) as temporary:
                whole = Path(temporary) / "whole"
                whole.mkdir()
                # No seed is given: from a known one the official order could be computed.
                rows = np.random.default_rng().permutation(n)
                digest = _write(whole, rows, precision, blocks)
                self._put(key, whole, digest)
        except OSError as error:
            raise cannot_write(self._folder, error) from error
        return digest

    def checked(self, key: str, expected: str) -> Path:
        """The folder of features that have the digest which their record names.

        What was found whole is not read again while it is unchanged. Raises CheckpointMissing
        when it is absent or damaged (then it is set aside).
        """
        folder = self._folder / key
        looks = [look_at(folder / name) for name in (FEATURES, ROWS)]
        if self._whole.get(key) == (expected, looks):
            return folder
        if not os.path.lexists(folder):
            raise CheckpointMissing("no features", where=str(folder))
        try:
            whole = _digest(open_features(folder)) == expected
        except CheckpointMissing:
            whole = False
        if not whole:
            set_aside(folder, self._damaged)
            raise CheckpointMissing("damaged features, set aside", where=str(folder))
        self._whole[key] = expected, looks
        return folder

    def keys(self) -> set[str]:
        """The units whose features are there."""
        return {path.parent.name for path in self._folder.glob(f"[!.]*/{FEATURES}")}

    def has(self, key: str) -> bool:
        """Whether the features of a unit are there."""
        return (self._folder / key / FEATURES).is_file()

    def drop(self, key: str) -> None:
        """Set the features of a unit aside."""
        if os.path.lexists(self._folder / key):
            set_aside(self._folder / key, self._damaged)

    def _put(self, key: str, whole: Path, digest: str) -> None:
        """Another bench may put the same there at any time: then that stays."""
        while True:
            try:
                self.checked(key, digest)
                return
            except CheckpointMissing:
                pass
            try:
                whole.rename(self._folder / key)
                return
            except OSError:
                if not os.path.lexists(self._folder / key):
                    raise


def _write(
    folder: Path, rows: NDArray[np.int64], precision: Precision, blocks: Iterable[NDArray[Any]]
) -> str:
    hasher = blake2b(digest_size=DIGEST_BYTES)
    header: FeatureHeader | None = None
    first = 0
    with (folder / FEATURES).open("wb") as stream:
        for block in blocks:
            narrow = np.ascontiguousarray(block, dtype=np.dtype(precision).newbyteorder("<"))
            if header is None:
                header = FeatureHeader(precision, len(rows), narrow.shape[1])
                stream.write(header.to_bytes())
                hasher.update(_described(header))
            _put_rows(stream, header, rows[first : first + len(narrow)], narrow)
            hasher.update(narrow.data)
            first += len(narrow)
        stream.flush()
        os.fsync(stream.fileno())
    if first != len(rows):
        raise ValueError(f"features of {first} images, not of {len(rows)}")
    with (folder / ROWS).open("wb") as stream:
        np.save(stream, rows, allow_pickle=False)
        stream.flush()
        os.fsync(stream.fileno())
    return hasher.hexdigest()


def _put_rows(
    stream: IO[bytes], header: FeatureHeader, rows: NDArray[np.int64], features: NDArray[Any]
) -> None:
    """Written, and not mapped: a full disk is an error then, and does not end the process."""
    for row, values in zip(rows.tolist(), features, strict=True):
        stream.seek(START + row * header.row_bytes)
        stream.write(values.data)


def features_digest(header: FeatureHeader, blocks: Iterable[NDArray[Any]]) -> str:
    """Digest of features whose ``blocks`` come in the order of the data set."""
    hasher = blake2b(_described(header), digest_size=DIGEST_BYTES)
    for block in blocks:
        hasher.update(np.ascontiguousarray(block).data)
    return hasher.hexdigest()


def _digest(stored: StoredFeatures) -> str:
    return features_digest(stored.header, stored.blocks())


def _described(header: FeatureHeader) -> bytes:
    return canonical_json([header.dtype.str, [header.n, header.width]])


def _mapped(stream: IO[bytes]) -> NDArray[Any]:
    """An ``.npy`` file in memory only where it is read; it does not carry the file's name."""
    header = read_header(stream.read(START))
    mapping = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    if len(mapping) != header.n_bytes:
        raise ValueError(f"{FEATURES} has {len(mapping)} bytes, not {header.n_bytes}")
    flat = np.frombuffer(mapping, header.dtype, offset=START)
    return flat.reshape(header.n, header.width)

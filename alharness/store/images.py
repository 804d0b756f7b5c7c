"""Images of a prepared dataset: an array on disk, or encoded images packed into one file.

Packed images have neither names nor folders and lie in a random order, so that who
reads them learns nothing of their labels.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TypeAlias
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from alharness.api.dataset import ImageFiles
from alharness.api.decoding import is_plain
from alharness.api.errors import HarnessError
from alharness.api.framing import KEPT_QUALITY, Framing, RandomView
from alharness.protocol.keys import DIGEST_BYTES, canonical_json, digest_arrays

ARRAY, PACKED, INDEX = "images.npy", "images.bin", "index.npz"

PACKED_AT_ONCE = 256

DECODING = b"decoded by alharness.api.decoding 1\0"
"""Begins what is digested of images that earlier versions decoded otherwise: raise the number
when they are decoded otherwise again. All other images keep their digests."""


class DecodedImages:
    """An array on disk, mapped read-only."""

    def __init__(self, path: Path) -> None:
        self._array: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, channels, side, side)."""
        return self._array.shape

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images at these positions, (len(rows), channels, side, side)."""
        return self._array[rows]


@dataclass(frozen=True, eq=False)
class PackedImages:
    """Encoded images in one file, in an order that nobody can guess.

    ``starts`` and ``ends``, (n,) int64, are the bytes of ``data`` that each image takes, by
    dataset index. ``content`` is a digest of all images; ``pixels`` are the digests of each decoded
    image's centre, (n, DIGEST_BYTES) uint8, None where an earlier version packed them.
    """

    data: mmap.mmap
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    framing: Framing
    content: NDArray[np.uint8]
    pixels: NDArray[np.uint8] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, 3, side, side)."""
        return (len(self.starts), 3, self.framing.side, self.framing.side)


StoredImages: TypeAlias = DecodedImages | PackedImages


def open_stored(folder: Path) -> StoredImages:
    """The images in a prepared folder. Raises HarnessError when they cannot be read."""
    try:
        _require_files(folder)
        if (folder / PACKED).exists():
            return _open_packed(folder)
        return DecodedImages(folder / ARRAY)
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise HarnessError(
            f"prepared images cannot be read ({error})",
            where=str(folder),
            remedy="Run the same command again: they are prepared anew",
        ) from error


def _require_files(folder: Path) -> None:
    """Raises ValueError for what is no file: a pipe would keep us waiting for ever."""
    for path in folder.iterdir():
        if not path.is_file():
            raise ValueError(f"{path.name} is no file")


def _open_packed(folder: Path) -> PackedImages:
    with np.load(folder / INDEX, allow_pickle=False) as index:
        starts, ends, content = index["starts"], index["ends"], index["content"]
        framing = _framing(index["framing"])
        pixels = index.get("pixels")
    with (folder / PACKED).open("rb") as stream:
        # Unlike NumPy's, this mapping does not carry the name of its file.
        data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    if len(data) != ends.max():
        raise ValueError(f"{PACKED} has {len(data)} bytes, not {ends.max()}")
    return PackedImages(data, starts, ends, framing, content, pixels)


def write_array(images: NDArray[np.uint8], folder: Path) -> None:
    """Write decoded images into ``folder``."""
    np.save(folder / ARRAY, np.ascontiguousarray(images), allow_pickle=False)


def split_digest(folder: Path, labels: NDArray[np.int64]) -> str:
    """Digest of the images in a folder and their labels. Raises HarnessError without images.

    Packed images are not all read again: the digest noted when they were packed
    and the size of their file stand for them. In which order they lie does not count.
    """
    stored = open_stored(folder)
    if isinstance(stored, PackedImages):
        framing = _framing_bytes(stored.framing)
        return digest_arrays(content=stored.content, framing=framing, labels=labels)
    return digest_arrays(images=stored[np.arange(len(labels))], labels=labels)


def pack(images: ImageFiles, folder: Path) -> None:
    """Copy what is kept of image files into one file in ``folder``.

    Raises UsageError for a damaged one.
    """
    starts, ends = np.empty((2, len(images)), dtype=np.int64)
    digests, pixels = np.empty((2, len(images), DIGEST_BYTES), dtype=np.uint8)
    with (folder / PACKED).open("wb") as stream:
        for number, (data, digests[number], pixels[number]) in _in_secret_order(images):
            starts[number] = stream.tell()
            ends[number] = starts[number] + stream.write(data)
    np.savez(
        folder / INDEX,
        allow_pickle=False,
        starts=starts,
        ends=ends,
        framing=_framing_bytes(images.framing),
        content=_digest(digests.tobytes()),
        pixels=pixels,
    )


Packed: TypeAlias = tuple[bytes, NDArray[np.uint8], NDArray[np.uint8]]
"""What is kept of a file, the digest of its content, and the digest of the image's centre."""


def _in_secret_order(images: ImageFiles) -> Iterator[tuple[int, Packed]]:
    """Every file's number, and what is kept of it.

    In the official order, often by class, where an image lies would tell a sampler its
    class. No seed is given: from a known one the official order could be computed.
    """

    def read(number: int) -> Packed:
        data, kept, centre = images.read_for_keeping(number)
        content = data if is_plain(data) else DECODING + data
        return kept, _digest(content), _digest(centre.tobytes())

    order = np.random.default_rng().permutation(len(images)).tolist()
    with ThreadPoolExecutor() as threads:
        for first in range(0, len(order), PACKED_AT_ONCE):
            numbers = order[first : first + PACKED_AT_ONCE]
            yield from zip(numbers, threads.map(read, numbers), strict=True)


def pixel_digests(images: StoredImages) -> NDArray[np.void] | None:
    """A digest of each image's pixels, (n,); None where only decoding all would tell."""
    if isinstance(images, PackedImages):
        each = images.pixels
    else:
        rows = (images[np.array([number])] for number in range(images.shape[0]))
        each = np.array([_digest(row.tobytes()) for row in rows], dtype=np.uint8)
    return None if each is None else np.ascontiguousarray(each).view(f"V{DIGEST_BYTES}").ravel()


def _digest(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(blake2b(data, digest_size=DIGEST_BYTES).digest(), dtype=np.uint8)


def _framing_bytes(framing: Framing) -> NDArray[np.uint8]:
    """What is digested of a framing: where files are kept as they are, nothing of keeping."""
    described = asdict(framing)
    side = described.pop("kept_side")
    if side is not None:
        described["kept"] = {"side": side, "quality": KEPT_QUALITY}
    return np.frombuffer(canonical_json(described), dtype=np.uint8)


def _framing(data: NDArray[np.uint8]) -> Framing:
    stored = json.loads(data.tobytes())
    view = stored.pop("training_view")
    if view is not None:
        view = RandomView(tuple(view["scale"]), tuple(view["ratio"]), view["mirrored"])
    kept = stored.pop("kept", None)
    return Framing(**stored, training_view=view, kept_side=None if kept is None else kept["side"])

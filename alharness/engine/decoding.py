"""Decoding of packed images by threads, which may be ahead of whoever asks for them."""

from __future__ import annotations

import mmap
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alharness.store.images import PackedImages


@dataclass(frozen=True)
class Decoding:
    """A batch that threads are at: uint8 pixels, (b, 3, side, side), and what fills each row."""

    pixels: NDArray[np.uint8]
    rows: Sequence[Future[None]]

    def done(self) -> NDArray[np.uint8]:
        """The pixels, once all are there. Raises UndecodableImage for the first that has none."""
        for row in self.rows:
            row.result()
        return self.pixels


class Decoder:
    """Decodes some images of a file by ``threads``, each image into its row of a batch.

    How many threads there are and which is done first changes no pixel. They are threads and no
    processes since Pillow decodes without the interpreter's lock, and threads end with their
    process and are confined as it is. Of the file it knows what it decodes, and no dataset index.
    """

    def __init__(self, packed: PackedImages, positions: NDArray[np.int64], threads: int) -> None:
        self._data = packed.data
        self._starts, self._ends = packed.starts[positions], packed.ends[positions]
        self.framing = packed.framing
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="alharness-decoding")

    def __len__(self) -> int:
        return len(self._starts)

    def begin(
        self, rows: NDArray[np.int64] | slice, views: Sequence[int] | None = None
    ) -> Decoding:
        """Begin with the centres of images, or with views of them, each drawn from its seed."""
        data, framing = self._data, self.framing
        starts, ends = self._starts[rows], self._ends[rows]
        pixels = np.empty((len(starts), 3, framing.side, framing.side), dtype=np.uint8)

        def decode(row: int) -> None:
            encoded = data[starts[row] : ends[row]]
            pixels[row] = (
                framing.centred(encoded)
                if views is None
                else framing.viewed(encoded, np.random.default_rng(views[row]))
            )

        _announce(data, starts, ends)
        return Decoding(pixels, [self._threads.submit(decode, row) for row in range(len(starts))])


def _announce(data: mmap.mmap, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
    """Have the system read these parts of a file, all at once.

    Else each would be waited for when it is copied, with the interpreter's lock held.
    """
    if sys.platform == "win32":
        return
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        page = start - start % mmap.PAGESIZE
        data.madvise(mmap.MADV_WILLNEED, page, end - page)

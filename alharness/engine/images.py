"""Images that a unit works on: in the device's memory, or read when they are needed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.store.images import PackedImages, StoredImages

BATCH_VALUES = 1 << 24
"""Values, of all pixels and channels, that a batch may have where its size is ours to choose."""


class Images(ABC):
    """Some images of a dataset, in an order of their own; scaled to [0, 1] when handed out."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def batch(self, rows: torch.Tensor | slice) -> torch.Tensor:
        """Images at these rows, (b, channels, side, side) float32 in [0, 1], on the device."""

    def training_batch(self, rows: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Images at these rows as a model is trained on them: by the dataset's own transform.

        ``generator`` is where that draws from; without one, it is the images as they are.
        """
        return self.batch(rows)

    def affordable(self, size: int) -> int:
        """``size``, or fewer where images are so large that so many would take too much memory."""
        return max(1, min(size, BATCH_VALUES // self.batch(slice(0, 1)).numel()))

    def batches(self, size: int) -> Iterator[tuple[slice, torch.Tensor]]:
        """All images in their order, in slices of at most ``size`` rows."""
        for start in range(0, len(self), size):
            rows = slice(start, min(start + size, len(self)))
            yield rows, self.batch(rows)


SCALED_BYTES = 64 << 20
"""Images that take no more as float32 on the CPU are scaled once instead of in every batch."""


class HeldImages(Images):
    """Images in the device's memory; a batch is a selection of rows."""

    def __init__(self, pixels: torch.Tensor) -> None:
        super().__init__(pixels.device)
        small = pixels.device.type == "cpu" and 4 * pixels.numel() <= SCALED_BYTES
        self._pixels = pixels.float() / 255 if small else pixels

    def __len__(self) -> int:
        return len(self._pixels)

    def batch(self, rows: torch.Tensor | slice) -> torch.Tensor:
        """Images at these rows, scaled."""
        chosen = rows.to(self.device) if isinstance(rows, torch.Tensor) else rows
        pixels = self._pixels[chosen]
        return pixels if pixels.is_floating_point() else pixels.float() / 255


class ReadImages(Images):
    """Images that are decoded batch by batch, since all of them would not fit.

    Of the file that they lie in it knows what it hands out, and no dataset index.
    """

    def __init__(
        self, packed: PackedImages, positions: NDArray[np.int64], device: torch.device
    ) -> None:
        super().__init__(device)
        self._data = packed.data
        self._starts, self._ends = packed.starts[positions], packed.ends[positions]
        self._framing = packed.framing

    def __len__(self) -> int:
        return len(self._starts)

    def batch(self, rows: torch.Tensor | slice) -> torch.Tensor:
        """Images at these rows, decoded and scaled."""
        return self._scaled(self._framing.centred(data) for data in self._encoded(rows))

    def training_batch(self, rows: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Images at these rows, each as a view of its own where the dataset has random ones."""
        if self._framing.training_view is None:
            return self.batch(rows)
        seeds = torch.randint(
            2**63 - 1, (len(rows),), generator=generator, device=generator.device
        ).tolist()
        return self._scaled(
            self._framing.viewed(data, np.random.default_rng(seed))
            for data, seed in zip(self._encoded(rows), seeds, strict=True)
        )

    def _encoded(self, rows: torch.Tensor | slice) -> Iterator[bytes]:
        chosen = rows.cpu().numpy() if isinstance(rows, torch.Tensor) else rows
        for start, end in zip(self._starts[chosen], self._ends[chosen], strict=True):
            yield self._data[start:end]

    def _scaled(self, images: Iterable[NDArray[np.uint8]]) -> torch.Tensor:
        side = self._framing.side
        pixels = np.array(list(images), dtype=np.uint8).reshape(-1, 3, side, side)
        return torch.from_numpy(pixels).to(self.device).float() / 255


class ToldImages(Images):
    """Images that tell when a batch of them is handed out."""

    def __init__(self, images: Images, tell: Callable[[], None]) -> None:
        super().__init__(images.device)
        self._images, self._tell = images, tell

    def __len__(self) -> int:
        return len(self._images)

    def batch(self, rows: torch.Tensor | slice) -> torch.Tensor:
        """Images at these rows."""
        self._tell()
        return self._images.batch(rows)

    def training_batch(self, rows: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Images at these rows as a model is trained on them."""
        self._tell()
        return self._images.training_batch(rows, generator)


def open_images(source: StoredImages, positions: NDArray[np.int64], device: torch.device) -> Images:
    """The images at these positions of a split: held where they are decoded, else read."""
    if isinstance(source, PackedImages):
        return ReadImages(source, positions, device)
    return HeldImages(torch.from_numpy(source[positions]).to(device))

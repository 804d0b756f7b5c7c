"""Images that a unit works on: in the device's memory, or read when they are needed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.engine.decoding import Decoder, Decoding
from alharness.store.images import PackedImages, StoredImages

BATCH_VALUES = 1 << 24
"""Values, of all pixels and channels, that a batch may have where its size is ours to choose."""


class Images(ABC):
    """Some images of a dataset, in an order of their own; scaled to [0, 1] when handed out."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    @abstractmethod
    def __len__(self) -> int: ...

    @property
    def width(self) -> int | None:
        """D of features, (n, D), in the place of images; None for images."""
        return None

    @property
    def rows_on(self) -> torch.device:
        """Where the rows of batches are read."""
        return torch.device("cpu")

    @abstractmethod
    def batch(self, rows: torch.Tensor | slice) -> torch.Tensor:
        """Images at these rows, (b, channels, side, side) float32 in [0, 1], on the device."""

    def training_batch(self, rows: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Images at these rows as a model is trained on them: by the dataset's own transform.

        ``generator`` is where that draws from; without one, it is the images as they are.
        """
        return self.batch(rows)

    def expect(  # noqa: B027 - most have nothing to begin with
        self, rows: torch.Tensor, generator: torch.Generator
    ) -> None:
        """Told that these rows, the same tensor, are the next that are trained on.

        Once nothing more is drawn for the batch before. What takes long may begin here; what
        ``training_batch`` would draw for them is then drawn here, from the same place of
        ``generator``.
        """

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

    @property
    def rows_on(self) -> torch.device:
        """Where the images are: a batch is selected there."""
        return self.device

    def batch(self, rows: torch.Tensor | slice) -> torch.Tensor:
        """Images at these rows, scaled."""
        chosen = rows.to(self.device) if isinstance(rows, torch.Tensor) else rows
        pixels = self._pixels[chosen]
        return pixels if pixels.is_floating_point() else pixels.float() / 255


class ReadImages(Images):
    """Images that are decoded batch by batch, since all of them would not fit.

    ``threads`` are ahead by one batch where it is known which comes next. What is drawn for random
    views is drawn before they begin, in the order of the batches.
    """

    def __init__(
        self,
        packed: PackedImages,
        positions: NDArray[np.int64],
        device: torch.device,
        threads: int,
    ) -> None:
        super().__init__(device)
        self._decoder = Decoder(packed, positions, threads)
        self._expected: tuple[torch.Tensor, Decoding] | None = None

    def __len__(self) -> int:
        return len(self._decoder)

    def batch(self, rows: torch.Tensor | slice) -> torch.Tensor:
        """Images at these rows, decoded and scaled."""
        chosen = rows.cpu().numpy() if isinstance(rows, torch.Tensor) else rows
        return self._scaled(self._decoder.begin(chosen))

    def batches(self, size: int) -> Iterator[tuple[slice, torch.Tensor]]:
        """All images in their order, each slice decoded while the one before is worked on."""
        slices = [slice(n, min(n + size, len(self))) for n in range(0, len(self), size)]
        begun = map(self._decoder.begin, slices)
        following = next(begun, None)
        for rows in slices:
            assert following is not None
            now, following = following, next(begun, None)
            yield rows, self._scaled(now)

    def training_batch(self, rows: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Images at these rows, each as a view of its own where the dataset has random ones."""
        expected, self._expected = self._expected, None
        if expected is None or expected[0] is not rows:
            return self._scaled(self._begun(rows, generator))
        return self._scaled(expected[1])

    def expect(self, rows: torch.Tensor, generator: torch.Generator) -> None:
        """Begin to decode them."""
        self._expected = rows, self._begun(rows, generator)

    def _begun(self, rows: torch.Tensor, generator: torch.Generator) -> Decoding:
        if self._decoder.framing.training_view is None:
            return self._decoder.begin(rows.cpu().numpy())
        seeds = torch.randint(
            2**63 - 1, (len(rows),), generator=generator, device=generator.device
        ).tolist()
        return self._decoder.begin(rows.cpu().numpy(), seeds)

    def _scaled(self, decoding: Decoding) -> torch.Tensor:
        return torch.from_numpy(decoding.done()).to(self.device).float().div_(255)


class ToldImages(Images):
    """Images that tell when a batch of them is handed out."""

    def __init__(self, images: Images, tell: Callable[[], None]) -> None:
        super().__init__(images.device)
        self._images, self._tell = images, tell

    def __len__(self) -> int:
        return len(self._images)

    @property
    def width(self) -> int | None:
        """That of the images."""
        return self._images.width

    @property
    def rows_on(self) -> torch.device:
        """As for the images."""
        return self._images.rows_on

    def batch(self, rows: torch.Tensor | slice) -> torch.Tensor:
        """Images at these rows."""
        self._tell()
        return self._images.batch(rows)

    def training_batch(self, rows: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Images at these rows as a model is trained on them."""
        self._tell()
        return self._images.training_batch(rows, generator)

    def expect(self, rows: torch.Tensor, generator: torch.Generator) -> None:
        """No batch is handed out yet."""
        self._images.expect(rows, generator)

    def batches(self, size: int) -> Iterator[tuple[slice, torch.Tensor]]:
        """All images in their order, as the images hand them out."""
        for rows, images in self._images.batches(size):
            self._tell()
            yield rows, images


def open_images(
    source: StoredImages, positions: NDArray[np.int64], device: torch.device, threads: int = 1
) -> Images:
    """The images at these positions of a split: held where they are decoded, else read.

    ``threads`` decode those that are read; how many changes no pixel.
    """
    if isinstance(source, PackedImages):
        return ReadImages(source, positions, device, threads)
    return HeldImages(torch.from_numpy(source[positions]).to(device))

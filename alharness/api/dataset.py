"""Datasets: images and their labels, split into training and test images."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from alharness.api.errors import UsageError
from alharness.api.framing import Framing


@dataclass(frozen=True)
class ImageFiles:
    """Images that are decoded whenever they are needed, since they do not fit in memory decoded."""

    paths: Sequence[Path]
    framing: Framing

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, number: int) -> tuple[bytes, NDArray[np.uint8]]:
        """A file's content and the centre of its image, (3, side, side).

        Raises UsageError, naming the file, when it cannot be read or is no image.
        """
        data, _, centre = self.read_for_keeping(number)
        return data, centre

    def read_for_keeping(self, number: int) -> tuple[bytes, bytes, NDArray[np.uint8]]:
        """A file's content, what is kept of it, and the centre; raises as ``read``."""
        path = self.paths[number]
        try:
            data = path.read_bytes()
            kept = self.framing.kept(data)
            return data, kept, self.framing.centred(kept)
        except OSError as error:
            raise UsageError(
                f"no image can be read ({error.strerror or error})",
                where=shown(path),
                remedy=getattr(error, "remedy", "Replace or remove the file"),
            ) from error

    def in_memory(self, mebibytes: int) -> NDArray[np.uint8] | ImageFiles:
        """Decoded, (n, 3, side, side), where that takes so many MiB at most; else as they are.

        Files that random views are trained on stay files. Raises UsageError as ``read``.
        """
        shape = (len(self), 3, self.framing.side, self.framing.side)
        if self.framing.training_view is not None or math.prod(shape) > mebibytes << 20:
            return self
        images = np.empty(shape, dtype=np.uint8)

        def decode(number: int) -> None:
            images[number] = self.read(number)[1]

        with ThreadPoolExecutor() as threads:
            list(threads.map(decode, range(len(self))))
        return images


def shown(path: Path) -> str:
    """A path as it can be printed: bytes of its name that are no text become ``\\udce9``."""
    return str(path).encode("utf-8", "backslashreplace").decode()


SplitImages: TypeAlias = "NDArray[np.uint8] | ImageFiles"


@dataclass(frozen=True)
class LabeledImages:
    """A dataset, decoded or as files.

    Decoded images are uint8, (n, channels, side, side); labels are int64, (n,), in
    [0, n_classes). Training images keep the dataset's official order: index
    sets refer to it. Training and test images have the same channels and the same side.
    ``train_names`` and ``test_names`` name images in messages, such as by their files;
    without them their positions do.
    """

    train_images: SplitImages
    train_labels: NDArray[np.int64]
    test_images: SplitImages
    test_labels: NDArray[np.int64]
    n_classes: int
    train_names: Sequence[str] | None = None
    test_names: Sequence[str] | None = None


@dataclass(frozen=True)
class DatasetShape:
    """What a dataset is, as far as that can be told without its data; None where it cannot.

    Numbers of training and test images and of classes; images are (channels, image_size,
    image_size). Raises ValueError for what is no whole number of 1 or more.
    """

    n_train: int | None = None
    n_test: int | None = None
    n_classes: int | None = None
    channels: int | None = None
    image_size: int | None = None

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value is not None and not (type(value) is int and value >= 1):
                raise ValueError(f"{name} is {value!r}, expected a whole number of 1 or more")


class Dataset(ABC):
    """Loads images and labels.

    What ``load`` returns is copied into the workspace once, and used from there.
    """

    def missing(self, root: Path) -> UsageError | None:
        """The error to raise because the data is not below ``root``, with the way to get it.

        None when it is there, or when only ``load`` can tell. ``plan`` asks, so look at
        names only: read no file, fetch nothing.
        """
        return None

    def sources(self) -> Sequence[str]:
        """URLs that ``load`` fetches from, where it may; none for data that it never fetches.

        ``plan`` asks where data is missing and may be fetched. Fetch nothing.
        """
        return ()

    def shape(self, root: Path) -> DatasetShape:
        """What the names below ``root`` tell of the data, more exactly than its spec declares.

        ``plan`` asks, only where nothing is missing. Looks at names only; raises as ``census``.
        """
        return DatasetShape()

    def files(self, root: Path) -> Sequence[Path]:
        """Files below ``root`` whose content says which data it is; none when they are absent.

        When one changes, or another is there, the data is loaded again. Needed where neither
        name nor parameters say which data it is, as with a folder of somebody's images.
        A file that is unchanged is not read again.
        """
        return ()

    def fingerprint(self, root: Path) -> str:
        """What else changes when the data below ``root`` does: then it is loaded again."""
        return ""

    def copies(self) -> Sequence[Path]:
        """Files and folders elsewhere that hold the same images with their labels.

        Such as an installed package has. Samplers are denied them, where the kernel allows.
        """
        return ()

    def census(self, root: Path) -> Sequence[str]:
        """What there is of the data below ``root``, a line each: what is used, what not, and why.

        ``plan`` and ``bench`` show it. Asked only where nothing is missing; looks at names
        only. Raises UsageError, with its remedy, for data that ``load`` would refuse.
        """
        return ()

    @abstractmethod
    def load(self, root: Path, download: bool) -> LabeledImages:
        """Read the dataset below ``root``; fetch it first only when ``download`` is true.

        Raises UsageError when the data is absent and may not be fetched, or is damaged.
        """

"""Prepared datasets: a folder per split, named by its digest."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alharness.api.dataset import ImageFiles, LabeledImages, SplitImages
from alharness.api.errors import HarnessError
from alharness.protocol.components import Component
from alharness.protocol.condition import DatasetFacts, RepeatedImages
from alharness.protocol.keys import digest, digest_bytes
from alharness.store.files import cannot_write, read, set_aside, write_over
from alharness.store.images import StoredImages, open_stored, pack, split_digest, write_array
from alharness.store.repeated import repeated_images
from alharness.store.seen import Seen


class Datasets:
    """Datasets below ``root/data``: images in one folder, labels in another.

    So who may not see labels need not come near them. What was read and found whole
    is noted in ``seen`` and not read again while it is unchanged, once that is saved in later
    commands too.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / "data"
        self._damaged = root / "damaged"
        self.seen = Seen(self._folder / "seen.json")

    def knows(self, dataset: Component) -> bool:
        """Whether a dataset was prepared before, as it is now or otherwise."""
        return self._noted(dataset) is not None

    def prepared(self, dataset: Component, fingerprint: str) -> DatasetFacts | None:
        """What is known of a dataset that was prepared before, or None.

        None also when its data has another fingerprint now, or is not what its name
        says: then it has to be prepared anew. Writes nothing.
        """
        entry = self._noted(dataset)
        if entry is None or entry["fingerprint"] != fingerprint:
            return None
        train, test = entry["train"], entry["test"]
        if not all([self._is_whole(train), self._is_whole(test)]):
            return None
        return self._facts(train, test, entry["n_classes"], _repeated(entry))

    def prepare(self, dataset: Component, fingerprint: str, images: LabeledImages) -> DatasetFacts:
        """Write a dataset's files once, and remember which they were."""
        train = self._write_split(images.train_images, images.train_labels)
        test = self._write_split(images.test_images, images.test_labels)
        repeated = repeated_images(
            self.images(train), self.images(test), images.train_names, images.test_names
        )
        entry = {
            "train": train,
            "test": test,
            "n_classes": images.n_classes,
            "fingerprint": fingerprint,
            "repeated": repeated,
        }
        noted = {"entry": entry, "digest": digest(entry)}
        write_over(self._entry_path(dataset), json.dumps(noted).encode())
        return self._facts(train, test, images.n_classes, repeated)

    def images_folder(self, name: str) -> Path:
        """The folder of a split's images, which holds nothing else."""
        return self._folder / "images" / name

    def images(self, name: str) -> StoredImages:
        """The images of a split. Raises HarnessError when they cannot be read."""
        return open_stored(self.images_folder(name))

    def labels_path(self, name: str) -> Path:
        """The file of a split's labels."""
        return self._folder / "labels" / f"{name}.npy"

    def labels(self, name: str) -> NDArray[np.int64]:
        """The labels of a split, (n,) int64. Raises HarnessError when they cannot be read."""
        path = self.labels_path(name)
        try:
            labels: NDArray[np.int64] = np.load(io.BytesIO(read(path)), allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise HarnessError(
                f"prepared labels cannot be read ({error})",
                where=str(path),
                remedy="Run the same command again: they are prepared anew",
            ) from error
        return labels

    def _facts(
        self, train: str, test: str, n_classes: int, repeated: RepeatedImages | None
    ) -> DatasetFacts:
        _, channels, side, _ = self.images(train).shape
        return DatasetFacts(train, test, self.labels(train), n_classes, channels, side, repeated)

    def _noted(self, dataset: Component) -> dict[str, Any] | None:
        """What was noted of a dataset, or None when that is absent or damaged."""
        try:
            noted = json.loads(read(self._entry_path(dataset)))
            entry: dict[str, Any] = noted["entry"]
            return entry if digest(entry) == noted["digest"] else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def _is_whole(self, name: str) -> bool:
        """Whether a split is there and what its name says; read unless it is unchanged."""
        files = self._files(name)
        taken_over = [self.seen.taken_over(path) for path in files]
        if files and all(mark == _mark(name, files) for mark in taken_over):
            return True
        whole = self._agrees(name)
        if whole:
            self._note_whole(name, files)
        return whole

    def _note_whole(self, name: str, files: Sequence[Path]) -> None:
        for path in files:
            self.seen.note(path, _mark(name, files))

    def _files(self, name: str) -> list[Path]:
        """The files of a split that are there."""
        labels = self.labels_path(name)
        return [*labels.parent.glob(labels.name), *self.images_folder(name).glob("*")]

    def _agrees(self, name: str) -> bool:
        """Whether a split is there and what its name says."""
        try:
            return split_digest(self.images_folder(name), self.labels(name)) == name
        except HarnessError:
            return False

    def _write_split(self, images: SplitImages, labels: NDArray[np.int64]) -> str:
        folder = self._folder / "images"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as temporary:
                whole = Path(temporary) / "split"
                whole.mkdir()
                if isinstance(images, ImageFiles):
                    pack(images, whole)
                else:
                    write_array(images, whole)
                name = split_digest(whole, labels)
                self._put(name, whole, labels)
        except OSError as error:
            raise cannot_write(folder, error) from error
        return name

    def _put(self, name: str, whole: Path, labels: NDArray[np.int64]) -> None:
        """Put a split in its place; what is damaged there is set aside.

        Another bench may be preparing the same: what it has put there so far is
        no damage, and it must find it there at any time.
        """
        folder = self.images_folder(name)
        were_there = os.path.lexists(folder)
        self._put_labels(self.labels_path(name), _npy(labels))
        if were_there and not self._is_whole(name):
            set_aside(folder, self._damaged)
        _move(whole, folder)
        files = self._files(name)
        for one in files:
            self.seen.taken_over(one)
        self._note_whole(name, files)

    def _put_labels(self, path: Path, data: bytes) -> None:
        try:
            if read(path) == data:
                return
            set_aside(path, self._damaged)
        except FileNotFoundError:
            pass
        except OSError:
            set_aside(path, self._damaged)
        write_over(path, data)

    def _entry_path(self, dataset: Component) -> Path:
        name = digest_bytes(dataset.identity.spelled().encode("ascii"))
        return self._folder / "prepared" / f"{name}.json"


def _repeated(entry: dict[str, Any]) -> RepeatedImages | None:
    """What an entry says of repeated images; those of earlier versions say nothing."""
    if entry.get("repeated") is None:
        return None
    n, n_test, examples = entry["repeated"]
    return RepeatedImages(n, n_test, tuple((one, other) for one, other in examples))


def _mark(name: str, files: Iterable[Path]) -> list[str]:
    """What is noted of each file of a split: the split, and which files it had."""
    return [name, *sorted(path.name for path in files)]


def _move(whole: Path, folder: Path) -> None:
    """Put a folder in its place unless it is there, perhaps by another process."""
    try:
        whole.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _npy(array: NDArray[np.int64]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()

"""The contract of datasets."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from alharness.api.dataset import ImageFiles, LabeledImages, SplitImages
from alharness.api.errors import UsageError
from alharness.session.contract import checked_images
from alharness.session.data import declared
from alharness.testing.connections import watched_connections
from alharness.testing.generators import watched_generators
from alharness.testing.rules import Broken, NotApplicable, Rule
from alharness.testing.subject import Subject


def images_and_labels(subject: Subject) -> None:
    """Decoded images are uint8 (n, channels, side, side), image files can be read, and labels are
    int64 (n,) in [0, n_classes), of two or more classes; training and test images have one size."""
    loaded = checked_images(_load(subject), subject.origin)
    for pictures in (loaded.train_images, loaded.test_images):
        if isinstance(pictures, ImageFiles):
            pictures.read(0)


def same_order_again(subject: Subject) -> None:
    """Loaded again, images and labels are the same in the same order: index sets refer to it."""
    first, second = _load(subject), _load(subject)
    for part in ("train_images", "train_labels", "test_images", "test_labels"):
        if not _equal(getattr(first, part), getattr(second, part)):
            raise Broken(f"loaded again, {part} are others")


def absence(subject: Subject) -> None:
    """Without its data it raises a UsageError with a remedy; it writes nothing and opens no
    connection unless downloading is allowed."""
    with tempfile.TemporaryDirectory() as folder, watched_connections() as attempts:
        raised: Exception | None = None
        try:
            subject.create().load(Path(folder), download=False)
        except Exception as error:
            raised = error
        written = sorted(path.name for path in Path(folder).iterdir())
    if attempts:
        raise Broken(f"it tried to connect to {attempts[0]}") from raised
    if written:
        raise Broken(f"it wrote '{written[0]}'") from raised
    if isinstance(raised, UsageError) and not raised.remedy:
        raise Broken(f"the UsageError has no remedy: {raised}") from raised
    if raised is not None and not isinstance(raised, UsageError):
        raise raised


def missing(subject: Subject) -> None:
    """What it calls missing is a UsageError with a remedy where ``load`` raises one too, and
    nothing where the data are there; asking writes nothing and opens no connection."""
    with tempfile.TemporaryDirectory() as folder, watched_connections() as attempts:
        said = subject.create().missing(Path(folder))
        written = sorted(path.name for path in Path(folder).iterdir())
        if said is not None:
            _require_missing(subject, said, Path(folder))
    if attempts:
        raise Broken(f"it tried to connect to {attempts[0]}")
    if written:
        raise Broken(f"it wrote '{written[0]}'")
    said = subject.create().missing(subject.data_dir)
    if said is not None and _loads(subject, subject.data_dir):
        raise Broken(f"of data that it loads it says: {said}")


def _require_missing(subject: Subject, said: object, folder: Path) -> None:
    if not isinstance(said, UsageError):
        raise Broken(f"missing returned {said!r}, not a UsageError")
    if not said.remedy:
        raise Broken(f"the UsageError has no remedy: {said}")
    if _loads(subject, folder):
        raise Broken(f"of an empty folder, with which it loads, it says: {said}")


def declared_shape(subject: Subject) -> None:
    """What its spec declares is what it loads."""
    told = asdict(declared(subject.registry, subject.plugin))
    loaded = _load(subject)
    channels, side = _channels_and_side(loaded.train_images)
    found = {
        "n_train": len(loaded.train_labels),
        "n_test": len(loaded.test_labels),
        "n_classes": loaded.n_classes,
        "channels": channels,
        "image_size": side,
    }
    for name, value in told.items():
        if value not in (None, found[name]):
            raise Broken(f"it declares {name} = {value} and loads {found[name]}")


def fingerprint(subject: Subject) -> None:
    """The fingerprint is a string and ``files`` are files below the folder, there with and
    without the data, and the same until the data change."""
    with tempfile.TemporaryDirectory() as folder:
        for root in (Path(folder), subject.data_dir):
            first, second = (subject.create().fingerprint(root) for _ in range(2))
            if not isinstance(first, str):
                raise Broken(f"the fingerprint is {first!r}")
            if first != second:
                raise Broken(f"of the same data it is {first!r}, then {second!r}")
            listed, again = (list(subject.create().files(root)) for _ in range(2))
            if listed != again:
                raise Broken("of the same data it lists other files the second time")
            for path in listed:
                if not isinstance(path, Path) or not path.is_file():
                    raise Broken(f"files lists {path!r}, which is no file")


def global_generators(subject: Subject) -> None:
    """Loading neither draws from nor seeds the global generators of Python and NumPy."""
    with watched_generators("draw from a generator of its own with a fixed seed"):
        _load(subject)


def census(subject: Subject) -> None:
    """Where nothing is missing, the census is lines of text; asking opens no connection. What it
    refuses with a UsageError, ``load`` refuses too."""
    if subject.create().missing(subject.data_dir) is not None:
        raise NotApplicable("its data are not there")
    try:
        with watched_connections() as attempts:
            lines = list(subject.create().census(subject.data_dir))
    except UsageError as error:
        if _loads(subject, subject.data_dir):
            raise Broken(f"of data that it loads it says: {error}") from error
        raise NotApplicable(f"its data cannot be used ({error.what})") from error
    if attempts:
        raise Broken(f"it tried to connect to {attempts[0]}")
    for line in lines:
        if not isinstance(line, str) or len(line.splitlines()) != 1:
            raise Broken(f"it holds {line!r}, which is no line of text")


RULES = tuple(
    Rule(check)
    for check in (
        images_and_labels,
        same_order_again,
        absence,
        missing,
        declared_shape,
        fingerprint,
        census,
        global_generators,
    )
)


def _loads(subject: Subject, folder: Path) -> bool:
    """Whether its data are there."""
    try:
        subject.create().load(folder, download=False)
    except UsageError:
        return False
    return True


def _load(subject: Subject) -> LabeledImages:
    try:
        loaded: LabeledImages = subject.create().load(subject.data_dir, download=False)
    except UsageError as error:
        raise NotApplicable(f"its data are not there ({error.what})") from error
    return loaded


def _channels_and_side(images: SplitImages) -> tuple[int, int]:
    """Image files are in RGB."""
    if isinstance(images, ImageFiles):
        return 3, images.framing.side
    return images.shape[1], images.shape[2]


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, ImageFiles):
        return bool(one == other)
    return bool(np.array_equal(one, other))

"""``file``: features that somebody computed elsewhere."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness_plugins.representations.file.arrays import ArrayFile, Header, open_arrays

if TYPE_CHECKING:
    import torch

FEATURES, LABELS, IMAGES, DATA = "features", "labels", "image_digests", "data"

_AT_ONCE = 4096
"""Rows of features that are looked at together."""

_DIGEST = re.compile("[0-9a-f]{32}", re.ASCII)
_WIDTH = 200
"""A message shows no more of what a file holds or a library says."""

_WRITE = 'Write features, (n, D) float32, by numpy.savez("FILE.npz", features=…)'

_SHA256 = r"^([0-9a-fA-F]{64})?$"


class FileParameters(alharness.Parameters):
    """Parameters of ``file``."""

    train: Path | None = Field(
        None,
        description="an .npz or .safetensors file with the features of the training images, in "
        "their order; relative to the current folder",
    )
    test: Path | None = Field(None, description="the same of the test images")
    train_sha256: str = Field(
        "", pattern=_SHA256, description="what the file's SHA-256 sum has to be; none: whatever"
    )
    test_sha256: str = Field("", pattern=_SHA256, description="the same of the file of test images")


class FileFeatures(alharness.Representation):
    """Reads ``features`` (n, D), floating-point numbers, a row for each image in the data's order.

    What else a file holds tells whose features they are, and is checked: ``data``, the digest of
    the prepared images (in ``.safetensors`` an entry of the metadata); ``image_digests``, (n,)
    hexadecimal texts or (n, 16) bytes, ``alharness.image_digest`` of each image; ``labels``, (n,)
    whole numbers. With none of them, results say that the order is not verifiable. Other arrays are
    passed over. Nothing in a file is executed: arrays of objects are refused.
    """

    def __init__(
        self, train: Path | None, test: Path | None, train_sha256: str, test_sha256: str
    ) -> None:
        """Raises UsageError when a file is not named."""
        for name, path in (("train", train), ("test", test)):
            if path is None:
                raise alharness.UsageError(
                    f"it is given no file of {name} features",
                    where="representation 'file'",
                    remedy="Name both: "
                    '{ representation = "file", train = "train.npz", test = "test.npz" }',
                )
        self._paths: dict[alharness.Part, Path | None] = {"train": train, "test": test}
        self._sums: dict[alharness.Part, str] = {"train": train_sha256, "test": test_sha256}

    def missing(self) -> alharness.UsageError | None:
        """That a file is not there."""
        for path in self._paths.values():
            if path is not None and not path.is_file():
                return _wrong(path, "there is no such file", "Name a file that is there")
        return None

    def fetch(self) -> None:
        """Raises UsageError: nobody knows where a file could be had."""
        missing = self.missing()
        if missing is not None:
            raise missing

    def fingerprint(self) -> str:
        """Nothing beside the files' content, which is part of the key.

        Raises UsageError for a file whose sum or whose arrays are not what they have to be.
        """
        for part in self._paths:
            self._opened(part)
        return ""

    def given(self, part: alharness.Part) -> alharness.GivenFeatures:
        """The features of a part, mapped where they lie. Raises UsageError as told above."""
        file = self._opened(part)
        path = file.path
        try:
            arrays = {name: file.array(name) for name in _held(file)}
        except Exception as error:
            raise _unreadable(path, error) from error
        _require_finite(path, arrays[FEATURES])
        return alharness.GivenFeatures(
            features=arrays[FEATURES],
            name=str(path),
            data=_data(path, file, arrays),
            images=_images(path, arrays[IMAGES]) if IMAGES in arrays else None,
            labels=arrays.get(LABELS),
        )

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Raises UsageError: it has features of the images of its file alone."""
        raise alharness.UsageError(
            "it gives the features of a file and can compute none",
            where="representation 'file'",
            remedy="Name a representation that computes features, such as raw",
        )

    def _opened(self, part: alharness.Part) -> ArrayFile:
        """The file of a part with the sum it has to have, and fitting arrays by their headers."""
        path = self._paths[part]
        assert path is not None
        try:
            found = _sha256(path) if self._sums[part] else ""
            file = open_arrays(path)
            headers = {name: file.header(name) for name in _held(file)}
        except Exception as error:  # a stranger's file: whatever it is, it is the file's fault
            raise _unreadable(path, error) from error
        if found != self._sums[part].lower():
            raise _wrong(
                path,
                f"its SHA-256 sum is {found}, expected {self._sums[part].lower()}",
                f"Fetch the file again, or leave {part}_sha256 out",
            )
        _require_headers(path, file, headers)
        return file


def _held(file: ArrayFile) -> list[str]:
    """Which of the arrays that we read it holds."""
    return [name for name in (FEATURES, LABELS, IMAGES, DATA) if name in file.names]


def _require_headers(path: Path, file: ArrayFile, headers: dict[str, Header]) -> None:
    """Raises UsageError unless these arrays are what they are to be."""
    if FEATURES not in headers:
        named = ", ".join(sorted(file.names))[:_WIDTH] or "none"
        raise _wrong(path, f"it has no array 'features'; its arrays are {named}", _WRITE)
    dtype, shape = headers[FEATURES]
    if dtype is None or dtype.kind != "f" or dtype.itemsize > 8:
        raise _wrong(path, f"features are {headers[FEATURES]}, no floating-point numbers", _WRITE)
    if len(shape) != 2 or 0 in shape:
        raise _wrong(path, f"features are of shape {shape}, not (n, D)", _WRITE)
    for name, fits, expected in (
        (LABELS, _are_labels, f"whole numbers ({shape[0]},)"),
        (IMAGES, _are_digests, f"texts ({shape[0]},) or bytes ({shape[0]}, 16)"),
        (DATA, _is_text, "one text"),
    ):
        if name in headers and not fits(headers[name], shape[0]):
            raise _wrong(path, f"{name} are {headers[name]}", f"Write {expected}, or leave it out")


def _are_labels(header: Header, n: int) -> bool:
    return header.dtype is not None and header.dtype.kind in "iu" and header.shape == (n,)


def _are_digests(header: Header, n: int) -> bool:
    if header.dtype is None:
        return False
    texts = header.dtype.kind in "US" and header.shape == (n,)
    return texts or (header.dtype == np.uint8 and header.shape == (n, 16))


def _is_text(header: Header, n: int) -> bool:
    return header.dtype is not None and header.dtype.kind in "US" and header.shape in ((), (1,))


def _require_finite(path: Path, features: NDArray[Any]) -> None:
    for start in range(0, len(features), _AT_ONCE):
        finite = np.isfinite(features[start : start + _AT_ONCE]).all(axis=1)
        if not finite.all():
            row = start + int(np.argmin(finite))
            raise _wrong(path, f"row {row} of features is not finite", "Give finite numbers")


def _images(path: Path, array: NDArray[Any]) -> NDArray[Any]:
    """Digests as texts, (n,). Raises UsageError for what is none."""
    if array.dtype == np.uint8:
        return np.array([row.tobytes().hex() for row in array])
    texts = [_text(one).lower() for one in array]
    for row, one in enumerate(texts):
        if not _DIGEST.fullmatch(one):
            what = f"image digest {row} is '{one[:40]}', no 32 hexadecimal digits"
            raise _wrong(path, what, "Write alharness.image_digest of each image")
    return np.array(texts)


def _data(path: Path, file: ArrayFile, arrays: dict[str, NDArray[Any]]) -> str | None:
    """The digest of the prepared part. Raises UsageError for what is none."""
    told = _text(arrays[DATA].reshape(-1)[0]) if DATA in arrays else file.metadata.get(DATA)
    if told is not None and not _DIGEST.fullmatch(told.lower()):
        what = f"data is '{told[:40]}', no 32 hexadecimal digits"
        raise _wrong(path, what, "Write the digest that results name, or leave it out")
    return told if told is None else told.lower()


def _text(one: Any) -> str:
    return one.decode("ascii", "replace") if isinstance(one, bytes) else str(one)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, hashlib.sha256).hexdigest()


def _unreadable(path: Path, error: Exception) -> alharness.UsageError:
    told = " ".join(str(error).split())[:_WIDTH] or type(error).__name__
    return _wrong(path, f"it cannot be read as a file of features: {told}", _WRITE)


def _wrong(path: Path, what: str, remedy: str) -> alharness.UsageError:
    return alharness.UsageError(what, where=str(path), remedy=remedy)


@alharness.hookimpl
def alharness_representations() -> Iterator[alharness.RepresentationSpec]:
    yield alharness.RepresentationSpec(
        "file",
        FileFeatures,
        summary="Features that two files give, as people publish them",
        requires="A file with the features of every training image and one of every test image.",
        cost="Reading the files.",
        parameters=FileParameters,
    )

"""Writing bundles: a zip file or a folder, the same bytes for the same content."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from alharness.api.errors import UsageError
from alharness.store.files import cannot_write

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_LEVEL = 6
_DEFLATED = (".json",)
"""Arrays and weights do not get smaller, and would unpack too far where they do."""


class File(NamedTuple):
    """A file of a bundle; what it holds is read when it is asked for."""

    name: str
    read: Callable[[], bytes]


def write_bundle(files: Iterable[File], path: Path) -> None:
    """Write files, sorted by name, as a zip file if ``path`` ends in ``.zip``, else as a folder.

    Raises UsageError when something is there already, HarnessError when the disk refuses.
    """
    if os.path.lexists(path):
        raise UsageError(
            "is there already", where=str(path), remedy="Name another --out, or remove it"
        )
    ordered = sorted(files)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _temporary(path.parent) as folder:
            whole = folder / "bundle"
            (_write_zip if path.suffix == ".zip" else _write_folder)(ordered, whole)
            whole.rename(path)
    except OSError as error:
        raise cannot_write(path, error) from error


@contextmanager
def _temporary(parent: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=parent) as folder:
        yield Path(folder)


def _write_zip(files: Iterable[File], path: Path) -> None:
    with path.open("xb") as stream, zipfile.ZipFile(stream, "w", allowZip64=True) as target:
        for file in files:
            entry = zipfile.ZipInfo(file.name, _LONG_AGO)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            deflated = file.name.endswith(_DEFLATED)
            entry.compress_type = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
            target.writestr(entry, file.read(), compresslevel=_LEVEL)


def _write_folder(files: Iterable[File], path: Path) -> None:
    for file in files:
        place = path / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read())

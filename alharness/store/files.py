"""Files that are whole or absent: written under a temporary name, synced, linked into place."""

from __future__ import annotations

import errno
import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from alharness.api.errors import HarnessError


def read(path: Path) -> bytes:
    """What a file holds. Raises as ``open_file``."""
    with open_file(path) as stream:
        return stream.read()


@contextmanager
def open_file(path: Path) -> Iterator[IO[bytes]]:
    """A file, open to be read.

    Raises FileNotFoundError when nothing is there, another OSError when what is there cannot be
    read, or is no file. It is looked at before it is read: a pipe would keep us waiting for ever.
    """
    try:
        stream = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - closed below
    except FileNotFoundError as error:
        if path.is_symlink():
            raise OSError(errno.ELOOP, "it is a broken link", str(path)) from error
        raise
    with stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no file", str(path))
        yield stream


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def write_once(path: Path, data: bytes) -> bool:
    """Put ``data`` at ``path`` unless something is there; whether it was put.

    Concurrent writers are harmless: the first one wins. Raises HarnessError,
    naming the file, when the disk refuses.
    """
    return _write(path, data, replace=False)


def write_over(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path``, replacing what is there in one step."""
    _write(path, data, replace=True)


def append(path: Path, data: bytes) -> None:
    """Put ``data`` behind what is at ``path``. Raises HarnessError when the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "ab", opener=_without_waiting) as stream:
            stream.write(data)
    except OSError as error:
        raise cannot_write(path, error) from error


def _write(path: Path, data: bytes, *, replace: bool) -> bool:
    temporary: Path | None = None
    put = True
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f".writing-{uuid.uuid4().hex}"
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            temporary.replace(path)
        else:
            put = _linked(temporary, path)
        _sync_folder(path.parent)
    except (OSError, ValueError) as error:  # ValueError: a name that no file system takes
        raise cannot_write(path, error) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
    return put


def _linked(temporary: Path, path: Path) -> bool:
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    return True


def cannot_write(path: Path, error: OSError | ValueError) -> HarnessError:
    """What to raise when the disk refuses."""
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return HarnessError(
        f"cannot write: {why}",
        where=str(path),
        remedy="Free space or mend permissions, then run the same command again",
    )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def set_aside(path: Path, folder: Path) -> None:
    """Move a damaged file or folder into ``folder`` under a name that is free there.

    Nothing happens when another process did so first. Raises HarnessError,
    naming the file, when the disk refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = 1
        while os.path.lexists(place := folder / f"{path.name}.{number}"):
            number += 1
        path.rename(place)
    except FileNotFoundError:
        return
    except OSError as error:
        raise HarnessError(
            f"is damaged and cannot be set aside: {error.strerror or error}",
            where=str(path),
            remedy="Remove it, then run the same command again",
        ) from error

"""Files that are whole or absent: written under a temporary name, synced, linked into place."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from alharness.api.errors import HarnessError


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
        with path.open("ab") as stream:
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
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return put


def _linked(temporary: Path, path: Path) -> bool:
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    return True


def cannot_write(path: Path, error: OSError) -> HarnessError:
    """What to raise when the disk refuses."""
    return HarnessError(
        f"cannot write: {error.strerror or error}",
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
        while (place := folder / f"{path.name}.{number}").exists():
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

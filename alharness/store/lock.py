"""A lock that the benches of a workspace share."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from alharness.api.errors import HarnessError
from alharness.store.files import cannot_write, set_aside

PATIENCE = 60.0
"""Seconds that a lock is waited for: who holds one may be stopped."""

_PAUSE = 0.05


@contextmanager
def exclusive(path: Path, patience: float = PATIENCE) -> Iterator[HarnessError | None]:
    """Hold the lock that the file at ``path`` stands for; it ends with its holder.

    Gives None, or why it is not held: whoever asks can go on without.
    """
    try:
        stream = _opened(path)
    except HarnessError as error:
        yield error
        return
    with stream:
        yield _locked(stream.fileno(), path, patience)


def _opened(path: Path) -> TextIO:
    if os.path.lexists(path) and not path.is_file():
        set_aside(path, path.parent / "damaged")
    try:
        return path.open("a")
    except OSError as error:
        raise cannot_write(path, error) from error


def _locked(descriptor: int, path: Path, patience: float) -> HarnessError | None:
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return None
        except BlockingIOError:
            if time.monotonic() >= until:
                return HarnessError(
                    f"another bench has held it for {patience:.0f} s", where=str(path)
                )
            time.sleep(_PAUSE)
        except OSError as error:
            return cannot_write(path, error)

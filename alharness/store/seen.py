"""A notebook of files: what was found in each, taken over while the file is as it was."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from alharness.store.files import read, write_over

SCHEMA = 1

SETTLED_NS = 2 * 10**9
"""A file that changed less than 2 s ago may change again and show the same times."""


class Look(NamedTuple):
    """What a file looks like without being read; times in nanoseconds."""

    size: int
    mtime: int
    ctime: int
    inode: int


class Note(NamedTuple):
    """A value (JSON) found in a file that looked like this; only settled ones are saved."""

    look: Look
    value: Any
    settled: bool


class Seen:
    """What was found in files, by path.

    A value is taken over only while size, mtime, ctime and inode of its file are all what
    they were before the file was read. Nothing is written before ``save``. Of commands that
    save at the same time the last one stays: what the others noted is found again.
    """

    def __init__(self, notebook: Path, now: Callable[[], int] = time.time_ns) -> None:
        self._notebook = notebook
        self._now = now
        self._looks: dict[str, tuple[Look, bool]] = {}
        self._changed = False

    def taken_over(self, path: Path) -> Any | None:
        """What was noted of a file; None when nothing was, or the file is another now or gone.

        Looks at the file: to be asked before it is read, so that ``note`` knows what was read.
        """
        name = str(path.absolute())
        look = look_at(path)
        if look is None:
            self._looks.pop(name, None)
            self._changed |= self._notes.pop(name, None) is not None
            return None
        self._looks[name] = look, self._now() - look.ctime > SETTLED_NS
        note = self._notes.get(name)
        return note.value if note is not None and note.look == look else None

    def note(self, path: Path, value: Any) -> None:
        """Note what was found in a file, read since ``taken_over`` was asked for it."""
        name = str(path.absolute())
        if name in self._looks:
            self._notes[name] = Note(self._looks[name][0], value, self._looks[name][1])
            self._changed = True

    def save(self) -> None:
        """Keep the notes for the next command. Raises HarnessError when the disk refuses."""
        if not self._changed:
            return
        files = {
            name: [*note.look, note.value] for name, note in self._notes.items() if note.settled
        }
        write_over(self._notebook, json.dumps({"schema": SCHEMA, "files": files}).encode())
        self._changed = False

    @cached_property
    def _notes(self) -> dict[str, Note]:
        """By absolute path; empty when the notebook is absent, damaged or of another schema."""
        try:
            kept = json.loads(read(self._notebook))
            if kept["schema"] != SCHEMA:
                return {}
            return {
                name: Note(Look(*look), value, settled=True)
                for name, (*look, value) in kept["files"].items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return {}


def look_at(path: Path) -> Look | None:
    """What a file looks like, or None when it is not there."""
    try:
        about = path.stat()
    except (OSError, ValueError):
        return None
    return Look(about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino)

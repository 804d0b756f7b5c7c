"""The index of records: what planning and results need of each, without opening it."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from alharness.protocol.machine import Machine
from alharness.protocol.planning.outdated import position_of
from alharness.protocol.units import KINDS
from alharness.store.files import append, read, set_aside
from alharness.store.records import Record, Records
from alharness.store.seen import Look


class Entry(NamedTuple):
    """What is known of a record.

    slim: the part of its result that planning needs; None for a record of an earlier version.
    position: what it has in common with units that outdate it (``outdated.position_of``).
    machine: what it was computed on. day: when it was begun. None where its facts do not say.
    origin: the bundle that it was taken over from; None for one computed here.
    """

    kind: str
    key: str
    look: Look
    slim: dict[str, Any] | None
    seconds: float | None
    position: str
    machine: Machine | None
    day: date | None
    origin: str | None


class Index:
    """Every record of a workspace by its key.

    An entry is taken over from the index's file only while size, mtime, ctime and inode of the
    record's file are what they were; every other record is read, and checked. ``save`` appends
    to that file, a line per record: what several benches append at once, or half of a line
    after a power cut, costs nothing but reading those records again.
    """

    def __init__(self, root: Path, records: Records) -> None:
        self._path = root / "records" / "index.jsonl"
        self._root = root / "records"
        self._records = records
        self._entries: dict[str, Entry] = {}
        self._unsaved: list[Entry] = []
        self._unreadable: list[Path] = []

    def load(self) -> None:
        """Look which records there are, and read those that are not known as they are now."""
        noted = {**{entry.key: entry for entry in self._noted()}, **self._entries}
        self._entries, self._unreadable = {}, []
        for kind, key, look in self._files():
            entry = noted.get(key)
            if entry is not None and entry.look == look:
                self._entries[key] = entry
            else:
                self._read(kind, key, look)

    def get(self, key: str) -> Entry | None:
        """What is known of the record of a unit, or None."""
        entry = self._entries.get(key)
        return None if entry is None or entry.slim is None else entry

    def note(self, record: Record, look: Look) -> None:
        """Enter a record whose file looks like this."""
        unit = record.unit
        position = position_of(unit.kind, unit.to_json()["inputs"])
        known = (record.slim, record.seconds, position)
        told = (record.machine, record.day, record.origin)
        self._enter(Entry(unit.kind, unit.key, look, *known, *told))

    def forget(self, key: str) -> None:
        """Leave out a record that is no longer there."""
        self._entries.pop(key, None)

    def at(self, kind: str, positions: AbstractSet[str]) -> dict[str, list[str]]:
        """Keys of the records of a kind at each of these positions."""
        found: dict[str, list[str]] = defaultdict(list)
        for entry in self._entries.values():
            if entry.kind == kind and entry.position in positions:
                found[entry.position].append(entry.key)
        return found

    def superseded(self) -> int:
        """How many records are of an earlier version."""
        return sum(entry.slim is None for entry in self._entries.values())

    @property
    def unreadable(self) -> tuple[Path, ...]:
        """Files in the place of a record that hold none, or not what they should, when loaded."""
        return tuple(self._unreadable)

    def save(self) -> None:
        """Append what is new to the index's file. Raises HarnessError when the disk refuses."""
        if self._unsaved:
            if os.path.lexists(self._path) and not self._path.is_file():
                set_aside(self._path, self._root.parent / "damaged")
            lines = [
                json.dumps(entry, separators=(",", ":"), default=date.isoformat)
                for entry in self._unsaved
            ]
            append(self._path, ("\n".join(lines) + "\n").encode())
            self._unsaved.clear()

    def _enter(self, entry: Entry) -> None:
        self._entries[entry.key] = entry
        self._unsaved.append(entry)

    def _read(self, kind: str, key: str, look: Look) -> None:
        described = self._records.described(kind, key)
        if described is None:
            self._unreadable.append(self._records.path(kind, key))
            return
        if described.get("schema") == 1:
            position = _position_in_schema_1(described)
            self._enter(Entry(kind, key, look, None, None, position, None, None, None))
            return
        record = self._records.checked(kind, key, described)
        if record is None:
            self._unreadable.append(self._records.path(kind, key))
        else:
            self.note(record, look)

    def _noted(self) -> Iterator[Entry]:
        """What the index's file says; lines that are none, or an earlier version's, are not."""
        try:
            data = read(self._path)
        except OSError:
            return
        for fields in _parsed(data.splitlines()):
            try:
                kind, key, look, slim, seconds, position, machine, day, origin = fields
                machine = None if machine is None else Machine(*machine)
                day = None if day is None else date.fromisoformat(day)
                told = (machine, day, origin)
                yield Entry(kind, key, Look(*look), slim, seconds, position, *told)
            except (ValueError, TypeError):
                continue

    def _files(self) -> Iterator[tuple[str, str, Look]]:
        for kind in KINDS:
            folder = self._root / kind
            for group in _inside(folder):
                for file in _inside(group.path) if group.is_dir() else ():
                    if file.name.endswith(".json") and not file.name.startswith("."):
                        with suppress(OSError):
                            yield kind, file.name.removesuffix(".json"), _look(file)


def _inside(folder: str | os.PathLike[str]) -> list[os.DirEntry[str]]:
    """What is in a folder; nothing when it is none, or cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _look(file: os.DirEntry[str]) -> Look:
    about = file.stat()
    return Look(about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino)


def _parsed(lines: Sequence[bytes]) -> list[Any]:
    """The JSON of each line that has any; all at once where all have."""
    try:
        return list(json.loads(b"[" + b",".join(lines) + b"]"))
    except (ValueError, RecursionError):
        return [one for line in lines for one in _parsed_line(line)]


def _parsed_line(line: bytes) -> list[Any]:
    try:
        return [json.loads(line)]
    except (ValueError, RecursionError):
        return []


def _position_in_schema_1(described: dict[str, Any]) -> str:
    """Where a unit of alharness 0.1 stands; its inputs wrote every default."""
    try:
        inputs = dict(described["inputs"])
        if "seed" in inputs:
            inputs["seed"] = {
                name: value for name, value in inputs["seed"].items() if value is not None
            }
        return position_of(described["kind"], inputs)
    except (KeyError, TypeError, ValueError):
        return ""

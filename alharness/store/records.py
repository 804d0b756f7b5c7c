"""Records: what finished units leave, and the log of attempts that failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alharness.protocol.keys import canonical_json, digest
from alharness.protocol.units import Unit, UnitKind
from alharness.store.files import set_aside, write_once

SCHEMA = 1


@dataclass(frozen=True)
class Record:
    """What a finished unit leaves.

    ``result`` is what was computed and is covered, with the unit, by ``digest``;
    ``facts`` are times, host, device, versions, plugins and a sampler's notes. Two
    records are identical when their results are.
    """

    unit: Unit
    result: dict[str, Any]
    facts: dict[str, Any]

    @property
    def digest(self) -> str:
        """Digest of the unit and its result."""
        return digest({**self.unit.to_json(), "result": self.result})

    def to_json(self) -> dict[str, Any]:
        """The JSON form, as it is stored."""
        return {
            "schema": SCHEMA,
            **self.unit.to_json(),
            "result": self.result,
            "digest": self.digest,
            "facts": self.facts,
        }


class Records:
    """The records below ``root/records``, one file per key."""

    def __init__(self, root: Path) -> None:
        self._root = root / "records"
        self._damaged = root / "damaged"
        self._failures = root / "failures"

    def read(self, kind: UnitKind, key: str) -> Record | None:
        """The record of a unit, or None. A damaged one is set aside: its unit is computed again."""
        path = self._path(kind, key)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        record = _parse(data)
        if record is None or (record.unit.kind, record.unit.key) != (kind, key):
            set_aside(path, self._damaged)
            return None
        return record

    def write(self, record: Record) -> bool:
        """Keep a record, unless its unit has one already; whether it was kept."""
        path = self._path(record.unit.kind, record.unit.key)
        return write_once(path, json.dumps(record.to_json(), indent=1, allow_nan=False).encode())

    def all(self, kind: UnitKind) -> Iterator[Record]:
        """Every readable record of a kind."""
        for path in sorted((self._root / kind).glob("*/*.json")):
            record = self.read(kind, path.stem)
            if record is not None:
                yield record

    def damaged(self) -> list[Path]:
        """Files that were set aside."""
        return sorted(self._damaged.glob("*")) if self._damaged.is_dir() else []

    def log_failure(self, unit: Unit, failure: dict[str, Any]) -> None:
        """Keep a failed attempt, apart from records."""
        folder = self._failures / unit.key
        number = len(list(folder.glob("*.json"))) + 1
        while not write_once(
            folder / f"{number}.json", canonical_json({**unit.to_json(), "failure": failure})
        ):
            number += 1

    def _path(self, kind: UnitKind, key: str) -> Path:
        return self._root / kind / key[:2] / f"{key}.json"


def _parse(data: bytes) -> Record | None:
    """The record in ``data``, or None when it is not what its digest says."""
    try:
        fields = json.loads(data)
        record = Record(Unit.from_json(fields), fields["result"], fields["facts"])
        whole = record.digest == fields["digest"] and isinstance(record.facts, dict)
        return record if whole else None
    except (ValueError, KeyError, TypeError):
        return None

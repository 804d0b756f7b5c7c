"""Records: what finished units leave, and the log of attempts that failed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from alharness.api.errors import ExitCode, HarnessError
from alharness.protocol.keys import canonical_json, digest, digest_bytes
from alharness.protocol.machine import Machine, machine_of
from alharness.protocol.units import Unit
from alharness.store.files import read, set_aside, write_once, write_over

OUTPUTS = "outputs.npz"
"""The file beside an evaluation's record: log-probabilities, (n, C) float16, in test order."""

ORIGINS = "origins"
"""The fact that names the bundles that a record came through, the last one first."""

SCHEMA = 2
"""2 since alharness 0.2: typed inputs, the step version in the record, arrays beside it."""


class RecordMismatch(HarnessError):
    """A record that this version does not know how to read (exit code 6)."""

    exit_code = ExitCode.MISMATCH


@dataclass(frozen=True)
class Record:
    """What a finished unit leaves.

    ``result`` is what was computed; ``beside`` names the files beside the record, each with the
    digest of its content. Both are covered, with the unit, by ``digest``. ``facts`` are times,
    host, device, versions, plugins and a sampler's notes. Two records are identical when
    their digests are.
    """

    unit: Unit
    result: dict[str, Any]
    facts: dict[str, Any]
    beside: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Digest of the unit, its result and what lies beside."""
        return digest(self._covered())

    @property
    def slim(self) -> dict[str, Any]:
        """The part of the result that planning and results need at once."""
        return {name: self.result[name] for name in self.unit.inputs.slim if name in self.result}

    @property
    def seconds(self) -> float | None:
        """How long the unit took. No digest covers facts: nothing may rest on their being whole."""
        seconds = self.facts.get("seconds")
        return float(seconds) if isinstance(seconds, int | float) else None

    @property
    def machine(self) -> Machine | None:
        """The machine that it was computed on, or None when its facts do not say."""
        return machine_of(self.facts)

    @property
    def day(self) -> date | None:
        """The day (UTC) on which it was begun, or None when its facts do not say."""
        try:
            started = datetime.fromisoformat(self.facts["started"])
            return None if started.tzinfo is None else started.astimezone(UTC).date()
        except (KeyError, TypeError, ValueError, OverflowError):
            return None

    @property
    def origin(self) -> str | None:
        """The bundle that it was taken over from, by its identity; None for one computed here."""
        origins = self.facts.get(ORIGINS)
        first = origins[0] if isinstance(origins, list) and origins else None
        return first if isinstance(first, str) else None

    def to_json(self) -> dict[str, Any]:
        """The JSON form, as it is stored."""
        return {"schema": SCHEMA, **self._covered(), "digest": self.digest, "facts": self.facts}

    def _covered(self) -> dict[str, Any]:
        beside = {"beside": dict(self.beside)} if self.beside else {}
        return {**self.unit.to_json(), "result": self.result, **beside}


class Records:
    """The records below ``root/records``, one file per key, and the files beside them."""

    def __init__(self, root: Path) -> None:
        self._root = root / "records"
        self._damaged = root / "damaged"
        self._failures = root / "failures"

    def read(self, kind: str, key: str) -> Record | None:
        """The record of a unit, or None.

        None, too, for a damaged one, or one whose key is not the digest of its inputs: its unit
        is computed again. Raises RecordMismatch for a schema that is not known here.
        """
        described = self.described(kind, key)
        return None if described is None else self.checked(kind, key, described)

    def described(self, kind: str, key: str) -> dict[str, Any] | None:
        """A record as JSON, whatever version wrote it; None when it cannot be read."""
        try:
            fields = json.loads(read(self.path(kind, key)))
        except (OSError, ValueError, RecursionError):
            return None
        return fields if isinstance(fields, dict) else None

    def checked(self, kind: str, key: str, described: dict[str, Any]) -> Record | None:
        """The record that ``described`` told of, as ``read`` gives it."""
        record = _parse(described, self.path(kind, key))
        if record is None or (record.unit.kind, record.unit.key) != (kind, key):
            return None
        return record

    def write(self, record: Record, beside: Mapping[str, bytes] | None = None) -> bool:
        """Keep a record, unless its unit has one already; whether it was kept.

        ``beside`` are the files that it names, written before it. A damaged record that is in
        the way is set aside.
        """
        path = self.path(record.unit.kind, record.unit.key)
        if os.path.lexists(path):
            if self.read(record.unit.kind, record.unit.key) is not None:
                return False
            set_aside(path, self._damaged)
        for name, data in (beside or {}).items():
            write_over(self._beside(record.unit.kind, record.unit.key, name), data)
        return write_once(path, json.dumps(record.to_json(), indent=1, allow_nan=False).encode())

    def beside(self, record: Record, name: str) -> bytes | None:
        """A file beside a record, or None when it has none of this name.

        Raises HarnessError when it is lost or damaged; the record is then set aside with
        it, since it no longer is what it says.
        """
        if name not in record.beside:
            return None
        kind, key = record.unit.kind, record.unit.key
        path = self._beside(kind, key, name)
        try:
            data = read(path)
        except OSError:
            data = b""
        if digest_bytes(data) == record.beside[name]:
            return data
        set_aside(path, self._damaged)
        set_aside(self.path(kind, key), self._damaged)
        raise HarnessError(
            f"what lies beside the record of {kind} {key} is lost or damaged; it was set aside",
            where=str(path),
            remedy="Run the same command again: the unit is computed anew",
        )

    def keys(self, kind: str) -> Iterator[tuple[str, Path]]:
        """The key and the file of every record of a kind, readable or not."""
        for path in sorted((self._root / kind).glob("*/*.json")):
            yield path.stem, path

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

    def path(self, kind: str, key: str) -> Path:
        """The file of a unit's record."""
        return self._root / kind / key[:2] / f"{key}.json"

    def path_beside(self, record: Record, name: str) -> Path:
        """A file beside a record."""
        return self._beside(record.unit.kind, record.unit.key, name)

    def _beside(self, kind: str, key: str, name: str) -> Path:
        return self.path(kind, key).with_name(f"{key}.{name}")


def _parse(fields: dict[str, Any], path: Path) -> Record | None:
    """The record in ``fields``, or None when it is not what its key and its digest say."""
    try:
        schema = fields["schema"]
        if isinstance(schema, int) and schema > SCHEMA:
            raise RecordMismatch(
                f"its schema is {schema}, this alharness knows {SCHEMA}",
                where=str(path),
                remedy="Upgrade alharness, or use another workspace",
            )
        record = Record(
            Unit.from_json(fields), fields["result"], fields["facts"], fields.get("beside", {})
        )
        whole = (
            schema == SCHEMA
            and record.digest == fields["digest"]
            and isinstance(record.facts, dict)
        )
        return record if whole else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None

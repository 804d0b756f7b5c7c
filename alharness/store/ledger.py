"""The ledger: what is recorded in a workspace, as planning asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alharness.protocol.machine import Machine
from alharness.protocol.planning.outdated import Described
from alharness.protocol.units import Unit
from alharness.store.index import Index
from alharness.store.records import Record
from alharness.store.seen import look_at
from alharness.store.workspace import Workspace


class StoreLedger:
    """What is recorded in a workspace (a planning.ledger.Ledger).

    Records are known by the index; one is opened only when somebody wants all of it.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._index = Index(workspace.root, workspace.records)
        self._weights: set[str] = set()
        self.refresh()

    def refresh(self) -> None:
        """Look again which records and which weights are there."""
        self._index.load()
        self.look_at_weights()

    def look_at_weights(self) -> None:
        """Look again which weights and features are there."""
        self._weights = self._workspace.checkpoints.keys() | self._workspace.features.keys()

    @property
    def weights(self) -> AbstractSet[str]:
        """Keys of the units whose weights or features are there."""
        return self._weights

    def result(self, unit: Unit) -> Mapping[str, Any] | None:
        """The slim part of a unit's recorded result, or None."""
        entry = self._index.get(unit.key)
        return None if entry is None else entry.slim

    def seconds(self, unit: Unit) -> float | None:
        """How long a recorded unit took, or None."""
        entry = self._index.get(unit.key)
        return None if entry is None else entry.seconds

    def machine(self, unit: Unit) -> Machine | None:
        """The machine that a recorded unit was computed on, or None where that is not known."""
        entry = self._index.get(unit.key)
        return None if entry is None else entry.machine

    def day(self, unit: Unit) -> date | None:
        """The day (UTC) on which a recorded unit was begun, or None where that is not known."""
        entry = self._index.get(unit.key)
        return None if entry is None else entry.day

    def picked(self, query: Unit) -> NDArray[np.int64] | None:
        """What a query picked: dataset indices, (budget,); None where its record is lost."""
        record = self.record(query)
        return None if record is None else np.array(record.result["indices"], dtype=np.int64)

    def origin(self, unit: Unit) -> str | None:
        """The bundle that a unit's record was taken over from; None for one computed here."""
        entry = self._index.get(unit.key)
        return None if entry is None else entry.origin

    def look(self, unit: Unit) -> Record | None:
        """The record of a unit as it is on the disk now, entered into the index; or None."""
        look = look_at(self._workspace.records.path(unit.kind, unit.key))
        record = None if look is None else self.record(unit)
        if record is None or look is None:
            self._index.forget(unit.key)
            return None
        if self._index.get(unit.key) is None:
            self._index.note(record, look)
        return record

    def record(self, unit: Unit) -> Record | None:
        """All of a unit's record, read from the disk; or None."""
        return self._workspace.records.read(unit.kind, unit.key)

    def curves(self, unit: Unit) -> Mapping[str, list[float | None]] | None:
        """What a trial measured after each epoch, or None when that is lost."""
        record = self.record(unit)
        return None if record is None else self._workspace.curves(record)

    def recorded_at(self, kind: str, positions: AbstractSet[str]) -> dict[str, list[Described]]:
        """The records of a kind, of whatever version, at each of these positions."""
        found = {}
        for position, keys in self._index.at(kind, positions).items():
            described = (self._workspace.records.described(kind, key) for key in keys)
            found[position] = [_of_today(one) for one in described if one is not None]
        return found

    def superseded(self) -> int:
        """How many records an earlier version wrote under other keys."""
        return self._index.superseded()

    @property
    def unreadable(self) -> tuple[Path, ...]:
        """Files in the place of a record that hold none, when the ledger was last refreshed."""
        return self._index.unreadable

    def keep(self) -> None:
        """Save the index, so that the next command need not open the records again."""
        self._index.save()


def _of_today(described: dict[str, Any]) -> Described:
    """A record of alharness 0.1 names no step: its units were all of step 1."""
    return {"step": 1, **described}

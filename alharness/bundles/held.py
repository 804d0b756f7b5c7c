"""What is held of a bench, in a workspace or in a bundle: records and index sets by their keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alharness.protocol.machine import Machine
from alharness.protocol.partition.sets import IndexSet
from alharness.protocol.units import AnnotationInputs, Unit
from alharness.store.records import Record
from alharness.store.workspace import Workspace


class Held(Protocol):
    """Records and index sets, wherever they lie."""

    def record(self, kind: str, key: str) -> Record | None:
        """The record of a unit, or None."""
        ...

    def annotations(self, query: str) -> Sequence[Record]:
        """The records of the annotations of a query."""
        ...

    def index_set(self, digest: str) -> IndexSet:
        """An index set. Raises HarnessError when it is not there."""
        ...


class HeldInWorkspace:
    """What a workspace holds; each record is read once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._records: dict[str, Record | None] = {}

    def record(self, kind: str, key: str) -> Record | None:
        """See ``Held``."""
        if key not in self._records:
            self._records[key] = self._workspace.records.read(kind, key)
        return self._records[key]

    def annotations(self, query: str) -> Sequence[Record]:
        """See ``Held``."""
        return self._annotations.get(query, ())

    def index_set(self, digest: str) -> IndexSet:
        """See ``Held``."""
        return self._workspace.sets.get(digest)

    @cached_property
    def _annotations(self) -> Mapping[str, Sequence[Record]]:
        keys = (key for key, _ in self._workspace.records.keys("annotation"))
        return by_query(filter(None, (self.record("annotation", key) for key in keys)))


def by_query(annotations: Any) -> dict[str, list[Record]]:
    """Records of annotations by the keys of their queries."""
    found: dict[str, list[Record]] = defaultdict(list)
    for record in annotations:
        assert isinstance(record.unit.inputs, AnnotationInputs)
        found[record.unit.inputs.query].append(record)
    return found


class HeldLedger:
    """What is held, as planning and collecting ask for it (a ``results.collect.Recorded``)."""

    def __init__(self, held: Held) -> None:
        self._held = held

    @property
    def weights(self) -> AbstractSet[str]:
        """None: what is recorded counts, not what could be computed next."""
        return frozenset()

    def result(self, unit: Unit) -> Mapping[str, Any] | None:
        """The slim part of a unit's recorded result, or None."""
        record = self._held.record(unit.kind, unit.key)
        return None if record is None else record.slim

    def machine(self, unit: Unit) -> Machine | None:
        """The machine that a recorded unit was computed on, or None where that is not known."""
        record = self._held.record(unit.kind, unit.key)
        return None if record is None else record.machine

    def seconds(self, unit: Unit) -> float | None:
        """How long a recorded unit took, or None where that is not known."""
        record = self._held.record(unit.kind, unit.key)
        return None if record is None else record.seconds

    def day(self, unit: Unit) -> date | None:
        """The day (UTC) on which a recorded unit was begun, or None where that is not known."""
        record = self._held.record(unit.kind, unit.key)
        return None if record is None else record.day

    def picked(self, query: Unit) -> NDArray[np.int64] | None:
        """What a query picked: dataset indices, (budget,); None where it is not recorded."""
        record = self._held.record(query.kind, query.key)
        return None if record is None else np.array(record.result["indices"], dtype=np.int64)

    def origin(self, unit: Unit) -> str | None:
        """The bundle that a unit's record was taken over from; None for one computed here."""
        record = self._held.record(unit.kind, unit.key)
        return None if record is None else record.origin

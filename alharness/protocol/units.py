"""Units: what an executor executes, described by JSON, identified by a key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from alharness.protocol.keys import digest
from alharness.protocol.partition.sets import IndexSet

UnitKind: TypeAlias = Literal["trial", "evaluation", "query", "annotation"]

STEP_VERSIONS: dict[str, int] = {"trial": 1, "evaluation": 1, "query": 1, "annotation": 1}
"""Raised when the core computes a kind of unit differently: older records then no longer apply."""


@dataclass(frozen=True)
class Unit:
    """One computation.

    ``inputs`` is JSON and determines ``key``. ``sets`` are the index sets that
    ``inputs`` names by digest; they travel through the store.
    """

    kind: UnitKind
    key: str
    inputs: dict[str, Any] = field(compare=False, repr=False)
    sets: tuple[IndexSet, ...] = field(default=(), compare=False, repr=False)

    def __hash__(self) -> int:
        return hash(self.key)

    def to_json(self) -> dict[str, Any]:
        """The JSON form that executors hand to workers."""
        return {"kind": self.kind, "key": self.key, "inputs": self.inputs}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Unit:
        """The unit that ``to_json`` described."""
        return cls(data["kind"], data["key"], data["inputs"])


def make_unit(kind: UnitKind, inputs: dict[str, Any], sets: tuple[IndexSet, ...] = ()) -> Unit:
    """The unit of these inputs, with its key."""
    return Unit(kind, unit_key(kind, inputs), inputs, sets)


def unit_key(kind: UnitKind, inputs: dict[str, Any]) -> str:
    """Key of a unit: digest of its kind, the core's step version of that kind, and its inputs."""
    return digest({"kind": kind, "step": STEP_VERSIONS[kind], "inputs": inputs})

"""Units: what an executor executes, described by JSON, identified by a key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from alharness.protocol.keys import digest
from alharness.protocol.partition.sets import Added, IndexSet
from alharness.protocol.units.annotation import AnnotationInputs
from alharness.protocol.units.evaluation import EvaluationInputs
from alharness.protocol.units.parts import Inputs
from alharness.protocol.units.query import QueryInputs
from alharness.protocol.units.representation import RepresentationInputs
from alharness.protocol.units.trial import TrialInputs

UnitKind: TypeAlias = Literal["trial", "evaluation", "query", "annotation", "representation"]

KINDS: Mapping[str, type[Inputs]] = {
    inputs.kind: inputs
    for inputs in (
        TrialInputs,
        EvaluationInputs,
        QueryInputs,
        AnnotationInputs,
        RepresentationInputs,
    )
}
"""Every kind of unit by its name."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One computation.

    ``inputs`` determine ``key``. ``sets`` are the index sets that ``inputs`` name by digest;
    they travel through the store.
    """

    key: str
    inputs: Inputs = field(compare=False, repr=False)
    sets: tuple[IndexSet | Added, ...] = field(default=(), compare=False, repr=False)

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def kind(self) -> str:
        """``trial``, ``evaluation``, ``query``, ``annotation`` or ``representation``."""
        return self.inputs.kind

    def to_json(self) -> dict[str, Any]:
        """The JSON form that executors hand to work sites, and that records hold."""
        return {
            "kind": self.kind,
            "step": self.inputs.step,
            "key": self.key,
            "inputs": json.loads(self.inputs.spelled()),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Unit:
        """The unit that ``to_json`` described.

        Raises ValueError for an unknown kind, for inputs that are none of this version, and
        for a key that is not the digest of kind, step and inputs.
        """
        if data["key"] != described_key(data):
            raise ValueError(f"key {data['key']} is not the digest of the unit's inputs")
        kind = KINDS.get(data["kind"])
        if kind is None or kind.step != data["step"]:
            raise ValueError(f"no {data['kind']} of step {data['step']} is known here")
        return cls(data["key"], kind.model_validate(data["inputs"]))


def make_unit(inputs: Inputs, sets: tuple[IndexSet | Added, ...] = ()) -> Unit:
    """The unit of these inputs, with its key."""
    return Unit(inputs.key(), inputs, sets)


def described_key(data: Mapping[str, Any]) -> str:
    """The key of a unit in JSON, of whatever version, as its own step and inputs give it."""
    return digest({name: data[name] for name in ("kind", "step", "inputs")})

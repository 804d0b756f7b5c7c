"""Annotations: one call of an oracle."""

from __future__ import annotations

from typing import Any, ClassVar

from alharness.protocol.seeds import SeedPath
from alharness.protocol.units.parts import Identity, Inputs, Plugin, Reads


class AnnotationInputs(Inputs):
    """Ask an oracle for the labels of what was queried.

    data: digest of the training split; query: the query's key.
    """

    kind: ClassVar[str] = "annotation"
    step: ClassVar[int] = 2
    slim: ClassVar[tuple[str, ...]] = ("cost", "added", "corrected")

    data: str
    n_classes: int
    oracle: Identity
    query: str
    seed: SeedPath

    def reads(self) -> Reads:
        """The query's record, which holds what was picked."""
        return Reads(records=(self.query,))

    def plugins(self) -> tuple[Plugin, ...]:
        """The oracle."""
        return (Plugin("oracle", self.oracle),)

    @classmethod
    def position(cls, inputs: dict[str, Any]) -> list[Any]:
        """A query has one annotation."""
        return [inputs["seed"], inputs["query"]]

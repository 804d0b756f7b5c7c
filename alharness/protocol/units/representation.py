"""Representations: the features of one part of a data set, computed once."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from alharness.api.representation import Part, Precision
from alharness.protocol.units.parts import Identity, Inputs, Plugin, Reads

COMPUTED: Final = "computed"
BY_IMAGES: Final = "verified by image digests"
BY_DATA: Final = "verified by data digest"
BY_LABELS: Final = "verified by labels"
NOT_VERIFIABLE: Final = "not verifiable"
"""How it is known whose each row of features is: the harness computed them itself, or what came
with given ones was held against the data; or it is not known."""

ORDERS: Final = (COMPUTED, BY_IMAGES, BY_DATA, BY_LABELS, NOT_VERIFIABLE)
"""What a record says of it (``order``)."""


class RepresentationInputs(Inputs):
    """Compute the features of every image of a part of a data set.

    data: digest of the part; part: which one it is; precision: what features are kept in.
    """

    kind: ClassVar[str] = "representation"
    step: ClassVar[int] = 1
    slim: ClassVar[tuple[str, ...]] = ("width", "features", "order", "probe")

    data: str
    part: Part
    representation: Identity
    precision: Precision = "float32"

    def reads(self) -> Reads:
        """Images alone."""
        return Reads()

    def plugins(self) -> tuple[Plugin, ...]:
        """The representation."""
        return (Plugin("representation", self.representation),)

    @classmethod
    def position(cls, inputs: dict[str, Any]) -> list[Any]:
        """Another representation, or other parameters of one, outdates nothing."""
        representation = inputs["representation"]
        return [
            inputs["data"],
            inputs["part"],
            inputs.get("precision"),
            representation["name"],
            representation.get("parameters", {}),
        ]

"""What planning asks of the records."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

from alharness.protocol.units import Unit


class Ledger(Protocol):
    """What has been recorded so far."""

    def result(self, unit: Unit) -> Mapping[str, Any] | None:
        """The slim part of a unit's recorded result (``Inputs.slim``), or None."""
        ...

    @property
    def weights(self) -> AbstractSet[str]:
        """Keys of the units whose weights or features are there."""
        ...

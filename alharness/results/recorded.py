"""What a document is collected from, beside the survey."""

from __future__ import annotations

from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from alharness.protocol.machine import Machine
from alharness.protocol.planning.ledger import Ledger
from alharness.protocol.units import Unit


class Recorded(Ledger, Protocol):
    """What has been recorded: results, when, where and in what time, and what was picked."""

    def machine(self, unit: Unit) -> Machine | None:
        """The machine that a recorded unit was computed on, or None where that is not known."""
        ...

    def seconds(self, unit: Unit) -> float | None:
        """How long a recorded unit took, or None where that is not known."""
        ...

    def day(self, unit: Unit) -> date | None:
        """The day (UTC) on which a recorded unit was begun, or None where that is not known."""
        ...

    def picked(self, query: Unit) -> NDArray[np.int64] | None:
        """What a query picked: dataset indices, (budget,); None where its record is lost."""
        ...

    def origin(self, unit: Unit) -> str | None:
        """The bundle that a unit's record was taken over from; None for one computed here."""
        ...

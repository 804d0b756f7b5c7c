"""Who is told what a bench records."""

from __future__ import annotations

from typing import Protocol

from alharness.protocol.planning.survey import Survey
from alharness.protocol.units import Unit
from alharness.store.records import Record


class Observer(Protocol):
    """Who is told what happens; it cannot change a result."""

    def surveyed(self, survey: Survey) -> None:
        """Where every run stands now."""
        ...

    def finished(self, unit: Unit, record: Record) -> None:
        """A unit was recorded."""
        ...

    def failed(self, unit: Unit, message: str) -> None:
        """A unit failed."""
        ...


class Unobserved:
    """Nobody is told."""

    def surveyed(self, survey: Survey) -> None:
        """Where every run stands now."""

    def finished(self, unit: Unit, record: Record) -> None:
        """A unit was recorded."""

    def failed(self, unit: Unit, message: str) -> None:
        """A unit failed."""

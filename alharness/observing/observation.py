"""Telling every observer of a bench what happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from alharness.observing.observers import Observers
from alharness.protocol.planning.survey import Survey
from alharness.protocol.units import Unit
from alharness.store.observer import Observer
from alharness.store.records import Record


class Observation:
    """Passes events on to the harness's own observers and to plugins' lifecycle hooks.

    An observer that raises is reported and dropped, as a plugin is: it cannot change a result.
    """

    def __init__(
        self, observers: Sequence[Observer], plugins: Observers, report: Callable[[str], None]
    ) -> None:
        self._observers = list(observers)
        self._plugins = plugins
        self._report = report

    def surveyed(self, survey: Survey) -> None:
        """Where every run stands now."""
        self._tell("surveyed", survey)

    def finished(self, unit: Unit, record: Record) -> None:
        """A unit was recorded."""
        self._tell("finished", unit, record)
        self._plugins.unit_finished(unit.to_json(), record.to_json())

    def failed(self, unit: Unit, message: str) -> None:
        """A unit failed."""
        self._tell("failed", unit, message)
        self._plugins.unit_failed(unit.to_json(), message)

    def _tell(self, event: str, *details: Any) -> None:
        for observer in list(self._observers):
            try:
                getattr(observer, event)(*details)
            except Exception as error:
                self._observers.remove(observer)
                self._report(
                    f"{type(observer).__name__} no longer follows the bench: "
                    f"{type(error).__name__}: {error}"
                )

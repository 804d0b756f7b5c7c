"""The executor ``inline``: units run one after another in this process, without isolation."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from alharness.engine.engine import Engine
from alharness.protocol.units import Unit


class InlineExecutor:
    """Runs a unit while ``submit`` is called."""

    slots = 1

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def submit(self, unit: dict[str, Any]) -> Future[None]:
        """Execute the unit now; the future is done."""
        future: Future[None] = Future()
        try:
            self._engine.execute(Unit.from_json(unit))
        except (Exception, SystemExit) as error:
            future.set_exception(error)
        else:
            future.set_result(None)
        return future

    def shutdown(self) -> None:
        """Nothing is in progress between two calls."""

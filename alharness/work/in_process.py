"""A work site that is this process: for debuggers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from alharness.api.executor import Site
from alharness.work.lanes import decoders_of
from alharness.work.outcome import Outcome


class InProcessSite(AbstractContextManager["InProcessSite"]):
    """Carries out units in this process, as a WorkSite does, but isolates nothing."""

    def __init__(self, site: Site) -> None:
        """Raises UsageError for a device that cannot be used."""
        # They import torch, which listing plugins does without.
        from alharness.engine.device import find_device
        from alharness.engine.engine import Engine
        from alharness.engine.plugins import Plugins
        from alharness.registry import discover
        from alharness.store.workspace import Workspace

        device = find_device(site.device)
        plugins = Plugins(discover(site.plugin_files))
        workspace = Workspace(site.workspace)
        self._engine = Engine(workspace, plugins, device, decoders=decoders_of(site))

    def carry_out(self, units: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """How each unit ended, in their order; exceptions are those that were raised."""
        return [Outcome(unit["key"], self._error(unit)) for unit in units]

    def close(self) -> None:
        """Nothing is in progress between two calls."""

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _error(self, unit: Mapping[str, Any]) -> BaseException | None:
        from alharness.protocol.units import Unit

        try:
            self._engine.execute(Unit.from_json(dict(unit)))
        except (Exception, SystemExit) as error:
            return error
        return None

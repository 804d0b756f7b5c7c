"""Telling observers what happened: the only caller of the lifecycle hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pluggy import HookRelay

from alharness.registry.broken import one_line
from alharness.registry.loading import Plugin, attach


class Observers:
    """Those who hear what happens, in the order in which they were added.

    An observer that raises is reported and dropped: it cannot change a result,
    nor keep the others from hearing.
    """

    def __init__(self, plugins: Iterable[Plugin], report: Callable[[str], None]) -> None:
        """Plugins observe from the start; ``report`` gets one line for each one dropped."""
        self._hooks: dict[str, HookRelay] = {plugin.origin: plugin.hooks for plugin in plugins}
        self._report = report

    def add(self, name: str, observer: object) -> None:
        """Let an object with ``@alharness.hookimpl`` methods observe too.

        Raises RefusedPlugin when a method does not fit its hook.
        """
        self._hooks[name] = attach(observer, name)

    def unit_finished(self, unit: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        """Call ``alharness_unit_finished``."""
        self._tell("alharness_unit_finished", unit=unit, record=record)

    def unit_failed(self, unit: Mapping[str, Any], message: str) -> None:
        """Call ``alharness_unit_failed``."""
        self._tell("alharness_unit_failed", unit=unit, message=message)

    def bench_finished(self, summary: Mapping[str, Any]) -> None:
        """Call ``alharness_bench_finished``."""
        self._tell("alharness_bench_finished", summary=summary)

    def _tell(self, hook: str, **arguments: Any) -> None:
        for name, hooks in list(self._hooks.items()):
            try:
                getattr(hooks, hook)(**arguments)
            except (Exception, SystemExit) as error:
                del self._hooks[name]
                self._report(f"{name} no longer observes: '{hook}' raised {one_line(error)}")

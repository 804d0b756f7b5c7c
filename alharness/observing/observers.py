"""Telling observers what happened: the only caller of the lifecycle hooks."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from pluggy import HookRelay

from alharness.registry.boundary import one_line
from alharness.registry.loading import Plugin, attach

if TYPE_CHECKING:
    from alharness.protocol.bench import Bench
    from alharness.protocol.planning.survey import Survey


class Observers:
    """Those who hear what happens, in the order in which they were added.

    An observer that raises is reported and dropped: it cannot change a result,
    nor keep the others from hearing. Each is given JSON of its own.
    """

    def __init__(
        self,
        plugins: Iterable[Plugin] = (),
        report: Callable[[str], None] = warnings.warn,
    ) -> None:
        """Plugins observe from the start; ``report`` gets one line for each one dropped."""
        self._hooks: dict[str, HookRelay] = {plugin.origin: plugin.hooks for plugin in plugins}
        self._report = report

    def add(self, name: str, observer: object) -> None:
        """Let an object with ``@alharness.hookimpl`` methods observe too.

        Raises RefusedPlugin when a method does not fit its hook.
        """
        self._hooks[name] = attach(observer, name)

    def bench_started(self, bench: Bench) -> None:
        """Call ``alharness_bench_started``."""
        self._tell("alharness_bench_started", bench=bench)

    def bench_surveyed(self, survey: Survey) -> None:
        """Call ``alharness_bench_surveyed``."""
        self._tell("alharness_bench_surveyed", survey=survey)

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
            call = getattr(hooks, hook)
            if not call.get_hookimpls():
                continue
            try:
                call(**{argument: _own(value) for argument, value in arguments.items()})
            except (Exception, SystemExit) as error:
                del self._hooks[name]
                self._report(f"{name} no longer observes: '{hook}' raised {one_line(error)}")


def _own(argument: Any) -> Any:
    """JSON as a copy: planning reads the very dictionaries that are handed on."""
    return deepcopy(argument) if isinstance(argument, dict) else argument

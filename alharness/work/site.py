"""The work site: carries out units in processes of its own, on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from alharness.api.errors import HarnessError
from alharness.api.executor import Site
from alharness.work.messages import Message
from alharness.work.outcome import Outcome
from alharness.work.seat import Seat
from alharness.work.workers import Limits, Setup, half_of_memory, start_forkserver


class WorkSite(AbstractContextManager["WorkSite"]):
    """Carries out units on this machine, one at a time, in processes that live across units.

    One process executes them and writes their records; it never runs a sampler. For a
    query it asks another one, which knows no workspace, no hidden label and no test image, and
    serves one sampler: another sampler gets another process, so that nothing one does
    reaches the other. This process runs neither.

    A process that dies is replaced, and what it was carrying out is tried once more. All of
    them die with the process that made the site, however that ends. ``close`` may be
    called from another thread: it ends what is in progress.
    """

    def __init__(self, site: Site) -> None:
        start_forkserver()
        files = site.plugin_files
        self._executing = Seat(Setup(site.workspace, files, site.device))
        self._asking = Seat(Setup(None, files, site.device))
        self._limits = Limits(site.query_timeout, site.query_memory or half_of_memory())
        self._asked: Any = None

    def carry_out(self, units: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """How each unit ended, in their order.

        ``units`` are JSON objects; the index sets that they name are in the store. Several
        are of one kind. One that fails keeps no other from its record.
        """
        return [Outcome(unit["key"], self._error(unit)) for unit in units]

    def close(self) -> None:
        """End all processes for good."""
        self._executing.close()
        self._asking.close()

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _error(self, unit: Mapping[str, Any]) -> HarnessError | None:
        who = f"{unit['kind']} {unit['key']}"
        try:
            self._executing.ask({"unit": dict(unit)}, who, reply=self._ask_sampler)
        except HarnessError as error:
            return error
        return None

    def _ask_sampler(self, message: Message) -> Message:
        if message["sampler"] != self._asked:
            self._asking.empty()
            self._asked = message["sampler"]
        question = {"question": message["question"]}
        return self._asking.ask(question, message["who"], self._limits)

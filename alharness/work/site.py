"""The work site: carries out units in processes of its own, on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from alharness.api.errors import HarnessError
from alharness.api.executor import Site
from alharness.work.asking import Asking
from alharness.work.lanes import decoders_of
from alharness.work.limits import Limits
from alharness.work.messages import Message, described_error
from alharness.work.outcome import Outcome
from alharness.work.seat import Seat
from alharness.work.workers import Setup, start_forkserver


class WorkSite(AbstractContextManager["WorkSite"]):
    """Carries out units on this machine, one at a time, in processes of its own.

    One process, which lives across units, executes them and writes their records; it never
    runs a sampler. For a query another one is asked, which is started for it, knows no
    workspace, no hidden label and no test image, and is denied their files where the kernel
    lets it; see ``Asking``. This process runs neither.

    A process that dies is replaced, and what it was carrying out is tried once more; one that
    goes past a limit of the site is ended, and what it was carrying out fails. What a process
    started ends with it. All of them die with the process that made the site, however that
    ends. ``close`` may be called from another thread: it ends what is in progress.
    """

    def __init__(self, site: Site) -> None:
        start_forkserver()
        setup = Setup(site.workspace, site.plugin_files, site.device, decoders_of(site))
        self._executing = Seat(setup)
        self._asking = Asking(site)
        self._limits = Limits(silence=site.silence)
        self._trial_limits = Limits(
            "trial", silence=site.silence, seconds=site.trial_timeout, memory=site.trial_memory
        )

    def carry_out(self, units: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """How each unit ended, in their order.

        ``units`` are JSON objects; the index sets that they name are in the store. Several
        are of one kind. One that fails keeps no other from its record.
        """
        if len(units) > 1 and all(map(_is_stacked, units)):
            return self._together(units)
        return [Outcome(unit["key"], self._error(unit)) for unit in units]

    def close(self) -> None:
        """End all processes for good."""
        self._executing.close()
        self._asking.close()

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _together(self, units: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """Trials computed as one program; each by itself where that ends as a whole."""
        who, limits = f"{len(units)} trials together", self._trial_limits.times(len(units))
        try:
            told = self._executing.ask({"stacked": [dict(unit) for unit in units]}, who, limits)
        except HarnessError:
            return [Outcome(unit["key"], self._error(unit)) for unit in units]
        return [
            Outcome(unit["key"], None if error is None else described_error(error))
            for unit, error in zip(units, told["errors"], strict=True)
        ]

    def _error(self, unit: Mapping[str, Any]) -> HarnessError | None:
        who = f"{unit['kind']} {unit['key']}"
        limits = self._trial_limits if unit["kind"] == "trial" else self._limits
        try:
            self._executing.ask({"unit": dict(unit)}, who, limits, reply=self._ask_sampler)
        except HarnessError as error:
            return error
        return None

    def _ask_sampler(self, message: Message) -> Message:
        return self._asking.ask(message["question"], message["who"])


def _is_stacked(unit: Mapping[str, Any]) -> bool:
    """Whether a unit is a training that can be computed together with others."""
    return bool(unit["inputs"].get("recipe", {}).get("stacked", False))

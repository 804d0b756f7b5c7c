"""Asking: every question is answered by a process that was started for it."""

from __future__ import annotations

import tempfile
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from alharness.api.errors import HarnessError
from alharness.api.executor import Site
from alharness.work.lanes import decoders_of
from alharness.work.limits import Limits
from alharness.work.messages import Message
from alharness.work.processes import half_of_memory
from alharness.work.reach import Reach, for_question, of_plugins
from alharness.work.seat import Seat
from alharness.work.workers import Setup

if TYPE_CHECKING:
    from alharness.engine.questions import Question


class Asking:
    """Has questions answered, each in a new process, so that nothing passes between them.

    It is forked from a process that has imported torch and the engine and no plugin; it
    meets plugins as they are first imported, confined to the files that this question needs.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._seat = Seat(Setup(None, site.plugin_files, site.device, decoders_of(site)))
        self._limits = Limits(
            "query",
            silence=site.silence,
            seconds=site.query_timeout,
            memory=site.query_memory or half_of_memory(),
            by_processor=True,
        )

    def ask(self, question: Question, who: str) -> Message:
        """The answer, and how isolated who gave it was: see ``Answer``."""
        with tempfile.TemporaryDirectory(
            prefix="alharness-query-", ignore_cleanup_errors=True
        ) as scratch:
            reach = for_question(self._plugins, question, self._site)
            message = {
                "question": question,
                "reach": reach.to_json(),
                "scratch": scratch,
                "asked": time.time(),
            }
            try:
                answer = self._seat.ask(message, who, self._limits)
            finally:
                self._seat.empty()
        if not {"answer", "isolation"} <= answer.keys():
            raise HarnessError("what it sent is no answer", where=who)
        return {**answer, "isolation": _told(answer["isolation"], reach)}

    def close(self) -> None:
        """End who is asked, and ask nobody any more."""
        self._seat.close()

    @cached_property
    def _plugins(self) -> Reach:
        return of_plugins(self._site)


def _told(isolation: dict[str, Any], reach: Reach) -> dict[str, Any]:
    """With what could be reached, though it is hidden."""
    everything = ["whatever the user may read"]
    return {**isolation, "open": everything if isolation["landlock"] is None else list(reach.open)}

"""Asking: every question is answered by a process that was started for it."""

from __future__ import annotations

import tempfile
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from alharness.api.executor import Site
from alharness.work.messages import Message
from alharness.work.reach import Reach, of_plugins, of_question
from alharness.work.seat import Seat
from alharness.work.workers import Limits, Setup, half_of_memory

if TYPE_CHECKING:
    from alharness.engine.questions import Question


class Asking:
    """Has questions answered, each in a new process, so that nothing passes between them.

    It is forked from a process that has imported torch and the engine and no plugin; it
    meets plugins as they are first imported, confined to the files that this question needs.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._seat = Seat(Setup(None, site.plugin_files, site.device))
        self._limits = Limits(site.query_timeout, site.query_memory or half_of_memory())

    def ask(self, question: Question, who: str) -> Message:
        """The answer, and how isolated who gave it was: see ``Answer``."""
        with tempfile.TemporaryDirectory(
            prefix="alharness-query-", ignore_cleanup_errors=True
        ) as scratch:
            message = {
                "question": question,
                "reach": self._reach(question),
                "scratch": scratch,
                "asked": time.time(),
            }
            try:
                answer = self._seat.ask(message, who, self._limits)
            finally:
                self._seat.empty()
        return {**answer, "isolation": self._isolation(answer["isolation"])}

    def close(self) -> None:
        """End who is asked, and ask nobody any more."""
        self._seat.close()

    @cached_property
    def _plugins(self) -> Reach:
        return of_plugins(self._site)

    def _reach(self, question: Question) -> dict[str, Any]:
        hidden = (self._site.workspace, *self._site.hidden)
        reach = self._plugins.to_json()
        return {**reach, "read": [*reach["read"], *of_question(question, hidden)]}

    def _isolation(self, isolation: dict[str, Any]) -> dict[str, Any]:
        """With what could be reached, though it is hidden."""
        if isolation["landlock"] is not None:
            return {**isolation, "open": list(self._plugins.open)}
        return {**isolation, "open": ["whatever the user may read"]}

"""A seat: a place for one worker process, filled when it is needed."""

from __future__ import annotations

import threading
from collections.abc import Callable

from alharness.work.limits import NO_LIMITS, Limits
from alharness.work.messages import Message
from alharness.work.workers import Setup, Worker, WorkerDied


class Seat:
    """A place for one worker. It lives across messages; one that ended is replaced."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._worker: Worker | None = None
        self._closed = False
        self._lock = threading.Lock()

    def ask(
        self,
        message: Message,
        who: str,
        limits: Limits = NO_LIMITS,
        reply: Callable[[Message], Message] | None = None,
    ) -> Message:
        """What the worker answers. When it dies, another is asked once more; see ``Worker.ask``."""
        try:
            return self._filled().ask(message, who, limits, reply)
        except WorkerDied:
            return self._filled().ask(message, who, limits, reply)

    def empty(self) -> None:
        """End the worker that is there."""
        with self._lock:
            if self._worker is not None:
                self._worker.end()
                self._worker = None

    def close(self) -> None:
        """End the worker that is there, and have no other."""
        self._closed = True
        self.empty()

    def _filled(self) -> Worker:
        """The worker that is there and lives, else a new one. Raises WorkerDied once closed."""
        with self._lock:
            if self._closed:
                raise WorkerDied("the work site is closed")
            if self._worker is None or not self._worker.alive:
                self._worker = Worker(self._setup)
            return self._worker

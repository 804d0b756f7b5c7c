"""Worker processes: starting, asking and ending them."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import forkserver, get_all_start_methods, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from alharness.api.errors import HarnessError
from alharness.work.duties import work
from alharness.work.environment import without_private
from alharness.work.messages import Message, answered, receive, send, unless_error

POLL_SECONDS = 0.05
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class WorkerDied(HarnessError):
    """A worker process ended before it answered."""


@dataclass(frozen=True)
class Setup:
    """What a worker needs to start. ``workspace`` is None for one that asks samplers."""

    workspace: Path | None
    plugin_files: tuple[Path, ...]
    device: str


@dataclass(frozen=True)
class Limits:
    """When a worker is replaced: seconds without an answer, resident MiB; None for no limit."""

    seconds: float | None = None
    memory: int | None = None


NO_LIMITS = Limits()


class Worker:
    """One process that answers one message at a time, for as long as it lives.

    It leads a process group of its own, which dies with it, and it dies with
    the process that started it, however that ends.
    """

    def __init__(self, setup: Setup) -> None:
        context: Any = worker_context()
        self._connection: Connection
        self._connection, theirs = context.Pipe()
        # The worker reads this end: when we are gone, however we went, it sees the end of file.
        lifeline, self._lifeline = context.Pipe(duplex=False)
        self._process = context.Process(
            target=work, args=(setup, theirs, lifeline), daemon=True, name="alharness-worker"
        )
        # Held while the connection is read, and to close it: nobody reads what was closed.
        self._lock = threading.RLock()
        self._process.start()
        theirs.close()
        lifeline.close()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return bool(self._process.is_alive())

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid or 0

    def ask(
        self,
        message: Message,
        who: str,
        limits: Limits = NO_LIMITS,
        reply: Callable[[Message], Message] | None = None,
    ) -> Message:
        """The answer to one message. Before it, the worker may ask back, and ``reply`` is called.

        Raises what the worker raised; WorkerDied when it ended; HarnessError,
        after ending it, when it went past a limit. ``who`` is named then. What
        ``reply`` raises is told to the worker.
        """
        answer = self._exchange(message, who, limits)
        while reply is not None and "question" in answer:
            answer = self._exchange(answered(reply, answer), who, limits)
        return unless_error(answer)

    def end(self) -> int | None:
        """Kill the process and its group; the exit code it had or has now.

        May be called from another thread while a message waits for its answer: that ends first.
        """
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.kill()
        with self._lock:
            self._process.join(5)
            self._connection.close()
            self._lifeline.close()
            code: int | None = self._process.exitcode
        return code

    def _exchange(self, message: Message, who: str, limits: Limits) -> Message:
        with self._lock:
            try:
                send(self._connection, message)
                self._await(limits, who)
                return receive(self._connection)
            except (EOFError, OSError) as error:
                code = self.end()
                raise WorkerDied(f"its process ended {_how(code)}", where=who) from error

    def _await(self, limits: Limits, who: str) -> None:
        if limits.seconds is None and limits.memory is None:
            return
        deadline = None if limits.seconds is None else time.monotonic() + limits.seconds
        while not self._connection.poll(POLL_SECONDS):
            if deadline is not None and time.monotonic() > deadline:
                self.end()
                raise HarnessError(
                    f"no answer within {limits.seconds:g} s (--query-timeout); "
                    "its worker was ended",
                    where=who,
                )
            used = resident_mebibytes(self.pid)
            if limits.memory is not None and used > limits.memory:
                self.end()
                raise HarnessError(
                    f"it used {used} MiB, more than {limits.memory} (--query-memory); "
                    "its worker was ended",
                    where=who,
                )


def worker_context() -> BaseContext:
    """Forked from a clean process that has torch imported; fresh where there is no such thing."""
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    return get_context("forkserver")


def start_forkserver() -> None:
    """Start the process that workers are forked from.

    Its libraries keep to one thread. It is given no secrets: what a process was started with
    stays readable for its children, whatever they remove from it later.
    """
    if "forkserver" not in get_all_start_methods():
        return
    get_context("forkserver").set_forkserver_preload(["alharness.work.preloaded"])
    before = dict(os.environ)
    for name in set(before) - without_private(before).keys():
        del os.environ[name]
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        forkserver.ensure_running()
    finally:
        os.environ.update(before)
        for name in os.environ.keys() - before.keys():
            del os.environ[name]


def resident_mebibytes(pid: int) -> int:
    """Memory that a process and its children hold, in MiB; 0 when it is gone."""
    import psutil

    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += one.memory_info().rss
    return total >> 20


def half_of_memory() -> int:
    """Half of this machine's memory, in MiB."""
    import psutil

    return int(psutil.virtual_memory().total) >> 21


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return f"by {signal.Signals(-code).name}"
    return f"with exit code {code}"

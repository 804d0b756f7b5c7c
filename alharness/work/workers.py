"""Worker processes: starting, asking and ending them."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import forkserver, get_all_start_methods, get_context
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from pathlib import Path
from types import ModuleType
from typing import Any

from alharness.api.errors import HarnessError
from alharness.work.duties import work
from alharness.work.environment import without_private
from alharness.work.limits import NO_LIMITS, Limits, Watch
from alharness.work.messages import Message, answered, unless_error
from alharness.work.pipe import Garbled, Pipe
from alharness.work.processes import kill_tree, usage_below

TICK = 0.1
"""Seconds between two looks at what a worker takes."""
TELLS_WITHIN = 1.0
"""Seconds between a process's last word and its guard's."""
ENDS_WITHIN = 5.0
"""Seconds after which what should have ended is killed by others."""
STARTS = 20
"""Times that a worker's start is tried, a tick apart, while the fork server is replaced."""
KILLED = (
    "If nobody killed it, memory ran out: free some, or carry out fewer units at a time (--jobs)"
)
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

_FORK_SERVER = threading.Lock()
"""This process has one fork server and one main module, so it has one lock for starting others."""


class WorkerDied(HarnessError):
    """A worker process ended before it answered."""


@dataclass(frozen=True)
class Setup:
    """What a worker needs to start. ``workspace`` is None for one that knows none."""

    workspace: Path | None
    plugin_files: tuple[Path, ...]
    device: str
    decoders: int = 1


class Worker:
    """One process that answers one message at a time, for as long as it lives.

    It is the child of a guard, which ends when it does and takes with it whatever it
    started, and which dies with the process that started it, however that ends.
    """

    def __init__(self, setup: Setup) -> None:
        """Raises HarnessError where no process can be started."""
        context: Any = worker_context()
        mine, theirs = context.Pipe()
        # The guard reads the other end: when we are gone, however we went, it sees that.
        lifeline, self._lifeline = context.Pipe(duplex=False)
        self._process = _started(context, (setup, theirs, lifeline))
        theirs.close()
        lifeline.close()
        self._pipe = Pipe(mine)
        # Held while the pipe is read, and to close it: nobody reads what was closed.
        self._lock = threading.RLock()
        self._ending = threading.Lock()
        self._over = False

    @property
    def alive(self) -> bool:
        """Whether it runs and was not ended, as far as its fork server knows."""
        return not (self._over or self._ended(0))

    @property
    def pid(self) -> int:
        """The process id of its guard."""
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
        after ending it, when it went past a limit or said what is no answer. ``who`` is named
        then. What ``reply`` raises is told to the worker.
        """
        answer = self._exchange(message, who, limits)
        while reply is not None and "question" in answer:
            answer = self._exchange(answered(reply, answer), who, limits)
        try:
            return unless_error(answer)
        except (KeyError, TypeError, AttributeError) as error:
            raise self._no_answer(who) from error

    def end(self) -> int | None:
        """End the process and whatever it started; the exit code it had or has now.

        May be called from another thread while a message waits for its answer: that ends first.
        """
        with self._ending:
            # What says how it ended can be read once, and not at once again.
            self._over = True
            self._lifeline.close()
            if not self._ended(ENDS_WITHIN):
                kill_tree(self.pid)
                self._ended(ENDS_WITHIN)
        with self._lock:
            self._pipe.close()
            code: int | None = self._process.exitcode
        return code

    def _ended(self, seconds: float) -> bool:
        return bool(wait([self._process.sentinel], seconds))

    def _exchange(self, message: Message, who: str, limits: Limits) -> Message:
        with self._lock:
            try:
                self._pipe.put(message)
                return self._awaited(Watch(limits, who))
            except (EOFError, OSError) as error:
                self._ended(TELLS_WITHIN)
                code = self.end()
                remedy = KILLED if code == -signal.SIGKILL else ""
                raise WorkerDied(
                    f"its process ended {_how(code)}", where=who, remedy=remedy
                ) from error
            except Garbled as error:
                raise self._no_answer(who) from error
            except HarnessError:
                self.end()
                raise

    def _awaited(self, watch: Watch) -> Message:
        """The next message that is no sign of life. Raises EOFError when the process ended."""
        looked = time.monotonic()
        while True:
            message = self._pipe.poll(TICK, also=(self._process.sentinel,))
            if message is not None and "sign" not in message:
                return message
            if message is not None:
                watch.begin() if message["sign"] == "begun" else watch.heard()
            elif self._ended(0):
                raise EOFError
            now = time.monotonic()
            if now - looked >= TICK:
                watch.look(now - looked, usage_below(self.pid))
                looked = now

    def _no_answer(self, who: str) -> HarnessError:
        self.end()
        return HarnessError("what it sent is no answer; its worker was ended", where=who)


def worker_context() -> BaseContext:
    """Forked from a clean process that has torch imported; fresh where there is no such thing."""
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    return get_context("forkserver")


def start_forkserver() -> None:
    """Start the process that workers are forked from, if none runs.

    Its libraries keep to one thread. It is given no secrets: what a process was started with
    stays readable for its children, whatever they remove from it later.
    """
    if "forkserver" not in get_all_start_methods():
        return
    with _FORK_SERVER:
        if _runs(getattr(forkserver, "_forkserver", None)):
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


def _runs(server: object) -> bool:
    """Whether a fork server runs; what does not tell is started, which changes nothing if it does.

    Starting one changes the environment for a moment, so that it is done only where needed.
    """
    import psutil

    pid = getattr(server, "_forkserver_pid", None)
    if pid is None:
        return False
    try:
        status = psutil.Process(pid).status()
    except psutil.Error:
        return False
    return bool(status != psutil.STATUS_ZOMBIE)


def _started(context: Any, arguments: tuple[object, ...]) -> Any:
    """A worker's guard, started. A fork server that was killed meanwhile is replaced."""
    for left in reversed(range(STARTS)):
        start_forkserver()
        process = context.Process(target=work, args=arguments, daemon=True, name="alharness-worker")
        try:
            with _FORK_SERVER, _without_main():
                process.start()
                break
        except (OSError, EOFError) as error:
            if not left:
                raise HarnessError(f"no process can be started: {error}") from error
            time.sleep(TICK)
    return process


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the main module, which a process that is started would import, and workers do not need.

    A script that calls the harness at its top level would call it once more, in every worker.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return f"by {signal.Signals(-code).name}"
    return f"with exit code {code}"

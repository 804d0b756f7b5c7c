"""The process round a plugin while it is loaded: it goes on as it was, and it goes on.

Afterwards are as before: the working folder, environment variables that were set (new ones
stay: libraries are set up by them), entries of ``sys.path`` (likewise), signal handlers,
warnings filters and the locale. What is printed goes to standard error; descriptor 1 is
guarded for whole commands (``alharness.cli.data_output``).

An alarm ends what hangs: each second in which nothing new was imported counts, so a large
library on a slow disk has its time, and a call into C that takes long counts once. To leave the
process by ``os._exit`` is an exception here. A process of its own would also contain crashes and
hangs in C, at the price of importing everything twice; a crash shows the plugin's file instead
(``faulthandler``).
"""

from __future__ import annotations

import contextlib
import locale
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from pathlib import Path
from types import FrameType
from typing import Any

TICK = 1.0
"""Seconds from one look at a plugin that is loaded to the next."""

PATIENCE = 10
"""Looks in a row at which it may have imported nothing further."""

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
_HANDLED = (*_INTERRUPTS, signal.SIGALRM, signal.SIGCHLD, signal.SIGPIPE)


class Unending(BaseException):
    """What is loaded does not come to an end; no plugin catches it by mistake."""

    def __str__(self) -> str:
        seconds = f"{PATIENCE * TICK:g} s"
        return f"it goes on for {seconds} and imports nothing; work belongs into the factory"


class Interrupts:
    """Whether this process was told to stop: what tells Ctrl-C from a plugin's own raise."""

    def __init__(self) -> None:
        self.seen = False

    def noticing(self, handler: Callable[[int, FrameType | None], Any]) -> Callable[..., Any]:
        """The handler, which also notes that it was called."""

        def noted(number: int, frame: FrameType | None) -> Any:
            self.seen = True
            return handler(number, frame)

        return noted


@contextmanager
def undisturbed() -> Iterator[Interrupts]:
    """Run what loads a plugin; the process is as it was when that is over.

    Raises Unending in it when it hangs, SystemExit when it leaves the process.
    """
    interrupts = Interrupts()
    with ExitStack() as stack:
        stack.enter_context(redirect_stdout(sys.stderr))
        stack.enter_context(warnings.catch_warnings())
        for kept in (staying(), _environment(), _search_path(), _locale(), _no_way_out()):
            stack.enter_context(kept)
        if threading.current_thread() is threading.main_thread():
            stack.enter_context(_signals(interrupts))
            stack.enter_context(_alarm())
        yield interrupts


@contextmanager
def staying() -> Iterator[None]:
    """Relative paths start afterwards from the folder that they start from now."""
    try:
        folder: Path | None = Path.cwd()
    except OSError:  # it was removed: there is nothing to go back to
        folder = None
    try:
        yield
    finally:
        if folder is not None:
            with suppress(OSError):
                os.chdir(folder)


@contextmanager
def _environment() -> Iterator[None]:
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.update(before)


@contextmanager
def _search_path() -> Iterator[None]:
    before = list(sys.path)
    try:
        yield
    finally:
        sys.path.extend(entry for entry in before if entry not in sys.path)


@contextmanager
def _locale() -> Iterator[None]:
    before = locale.setlocale(locale.LC_ALL)
    try:
        yield
    finally:
        if locale.setlocale(locale.LC_ALL) != before:
            locale.setlocale(locale.LC_ALL, before)


@contextmanager
def _no_way_out() -> Iterator[None]:
    """``os._exit`` raises SystemExit in this process; children end by it as ever."""
    leave, here = os._exit, os.getpid()

    def refuse(status: int) -> None:
        if os.getpid() != here:
            leave(status)
        raise SystemExit(f"os._exit({status})")

    names: dict[str, Any] = vars(os)
    names["_exit"] = refuse
    try:
        yield
    finally:
        names["_exit"] = leave


@contextmanager
def _signals(interrupts: Interrupts) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in _HANDLED}
    for number in _INTERRUPTS:
        handler = before[number]
        if callable(handler):
            signal.signal(number, interrupts.noticing(handler))
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)


@contextmanager
def _alarm() -> Iterator[None]:
    """A second that passes in C is one, however long it is: the handler runs after it.

    That may be when what was loaded is over, on the way out of here: then nothing is raised.
    """
    quiet, known = 0, len(sys.modules)

    def tick(number: int, frame: FrameType | None) -> None:
        nonlocal quiet, known
        quiet, known = (quiet + 1 if len(sys.modules) == known else 0), len(sys.modules)
        if quiet >= PATIENCE and not _on_the_way_out(frame):
            raise Unending

    handler = signal.signal(signal.SIGALRM, tick)
    rest, interval = signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, rest, interval)
        signal.signal(signal.SIGALRM, handler)


def _on_the_way_out(frame: FrameType | None) -> bool:
    """Whether what is interrupted is this module, or what leaves its contexts."""
    return frame is not None and frame.f_code.co_filename in (__file__, contextlib.__file__)

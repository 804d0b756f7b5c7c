"""Guards: a process that does nothing but end what it watches, whole.

A worker is the child of its guard. On Linux what the worker starts stays below the guard,
whatever becomes of its own parent and whichever session it opens: orphans are adopted
(``PR_SET_CHILD_SUBREAPER``), and the worker itself dies with the guard (``PR_SET_PDEATHSIG``).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import NoReturn

from alharness.work.processes import descendants

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
TICK = 0.05
"""Seconds between two looks at whether the worker lives."""


def guarded(serve: Callable[[], None], lifeline: Connection, theirs: Connection) -> NoReturn:
    """Run ``serve`` in a child process, and end as it ends.

    When it ends, or nobody holds the other end of ``lifeline`` any more, everything that is
    left below this process is killed. ``theirs`` is the child's alone. To be called
    in a process with one thread.
    """
    _control(PR_SET_CHILD_SUBREAPER, 1)
    guard = os.getpid()
    child = os.fork()
    if child == 0:
        _serve(serve, lifeline, guard)
    theirs.close()
    code = _awaited(child, lifeline)
    _end_everything()
    _end_as(code)


def _serve(serve: Callable[[], None], lifeline: Connection, guard: int) -> NoReturn:
    """The child's life: it never returns to what this process was started for."""
    code = 1
    try:
        os.setsid()
        lifeline.close()
        _control(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == guard:
            serve()
            code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code & 0xFF)


def _awaited(child: int, lifeline: Connection) -> int:
    """How the child ended, as ``subprocess`` says it; ``-SIGKILL`` when it is to be ended."""
    while True:
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended == child:
            return os.waitstatus_to_exitcode(status)
        if ended == 0 and lifeline.poll(TICK):
            return -signal.SIGKILL


def _end_everything() -> None:
    """Kill what is below this process, and what is then found there, until nothing is."""
    while True:
        for process in descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _end_as(code: int) -> NoReturn:
    if code < 0:
        number = signal.Signals(-code)
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(code & 0xFF)


def _control(option: int, value: int) -> None:
    """``prctl``; elsewhere than on Linux, nothing."""
    if sys.platform == "linux":
        words = map(ctypes.c_ulong, (value, 0, 0, 0))
        ctypes.CDLL(None).prctl(option, *words)

"""Processes of this machine: who is below one, and what they take together."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from alharness.work.limits import Usage


def descendants(pid: int) -> list[int]:
    """The processes below one, parents before children; none when it is gone."""
    if Path("/proc/thread-self/children").exists():
        return list(_below(pid))
    import psutil

    try:
        return [one.pid for one in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def usage_below(pid: int) -> Usage:
    """What the processes below one hold and took, itself not counted."""
    import psutil

    memory, processor, stopped = 0, 0.0, False
    for number, below in enumerate(descendants(pid)):
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(below)
            with process.oneshot():
                memory += process.memory_info().rss
                times = process.cpu_times()
                processor += times.user + times.system
                stopped |= number == 0 and process.status() == psutil.STATUS_STOPPED
    return Usage(memory >> 20, processor, stopped)


def kill_tree(pid: int) -> None:
    """Kill a process and what is below it."""
    for one in [pid, *descendants(pid)]:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(one, signal.SIGKILL)


def half_of_memory() -> int:
    """Half of this machine's memory, in MiB."""
    import psutil

    return int(psutil.virtual_memory().total) >> 21


def _below(pid: int) -> Iterator[int]:
    # Asked of the kernel for this process alone: psutil looks at every process of the machine.
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, listed.read_text().split()):
                yield child
                yield from _below(child)

"""Landlock: a process denies itself files, for good, and whatever it starts with it.

Linux 5.13 and later, without privileges: https://docs.kernel.org/userspace-api/landlock.html.
It is a property of threads: those that ran before are not confined.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Iterable
from enum import IntFlag
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""Numbers of the system calls, the same on every architecture."""
VERSION, PATH_BENEATH = 1, 1
PR_SET_NO_NEW_PRIVS = 38
SCOPE_ABSTRACT_SOCKETS, SCOPE_SIGNALS = 1 << 0, 1 << 1
SCOPES_SINCE = 6
"""The first version that has scopes."""


class Access(IntFlag):
    """What is done with files (``LANDLOCK_ACCESS_FS_*``); executing them is not restricted."""

    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14


LIST = Access.READ_DIR
READ = Access.READ_FILE | Access.READ_DIR
WRITE = Access((1 << 15) - (1 << 1))
_OF_A_FILE = Access.WRITE_FILE | Access.READ_FILE | Access.TRUNCATE


class _Ruleset(ctypes.Structure):
    _fields_ = [
        ("handled_fs", ctypes.c_uint64),
        ("handled_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    ]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def version() -> int:
    """The version that this kernel has, 1 or more. Raises OSError where it has none."""
    if sys.platform != "linux":
        raise OSError(f"{sys.platform} has no landlock")
    return _call(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION))


def cannot_confine() -> str | None:
    """Why files can be denied to no process here; None where they can."""
    try:
        version()
    except OSError as error:
        return f"the kernel refuses landlock ({error.strerror or error})"
    return None


def confine(allowed: Iterable[tuple[Path, Access]]) -> int:
    """Deny this thread all files but those, and below those folders; the version that does so.

    Paths that are not there are passed over. Other processes of the user can be neither
    traced nor, since version 6, sent a signal. Raises OSError where the kernel refuses:
    nothing is denied then.
    """
    found = version()
    handled = _known(WRITE, found)
    scoped = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS if found >= SCOPES_SINCE else 0
    # An older kernel takes no field that it does not know.
    size = ctypes.sizeof(_Ruleset) if scoped else ctypes.sizeof(ctypes.c_uint64)
    attributes = _Ruleset(handled, 0, scoped)
    ruleset = _call(
        CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0)
    )
    try:
        for path, access in allowed:
            _allow(ruleset, path, access & handled)
        _check(_libc().prctl(PR_SET_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0))))
        _call(RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    return found


def _known(access: Access, found: int) -> Access:
    """Those that a version knows."""
    if found < 2:
        access &= ~Access.REFER
    if found < 3:
        access &= ~Access.TRUNCATE
    return access


def _allow(ruleset: int, path: Path, access: Access) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            access &= _OF_A_FILE
        if access:
            rule = _PathBeneath(access, place)
            flags = ctypes.c_uint32(0)
            _call(
                ADD_RULE,
                ctypes.c_int(ruleset),
                ctypes.c_int(PATH_BENEATH),
                ctypes.byref(rule),
                flags,
            )
    finally:
        os.close(place)


def _call(number: int, *arguments: object) -> int:
    return _check(_libc().syscall(ctypes.c_long(number), *arguments))


def _check(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)

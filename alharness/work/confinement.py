"""Confinement: what a query process takes from itself before it meets a plugin."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing import current_process
from pathlib import Path
from typing import Any

from alharness.work import landlock
from alharness.work.environment import is_private

COMPILERS = ("TRITON_CACHE_DIR", "NUMBA_CACHE_DIR", "MPLCONFIGDIR")
"""Variables that say where libraries keep what they make as they run."""


@dataclass(frozen=True)
class Isolation:
    """How isolated this process is.

    asked: when it was asked for, seconds since the epoch. landlock: the version that denies it
    files, or None; refused: why none does.
    """

    asked: float
    landlock: int | None
    refused: str = ""

    def ready(self) -> dict[str, Any]:
        """As a JSON object, with the seconds until now, when a sampler can be asked."""
        seconds = round(time.time() - self.asked, 6)
        return {"seconds": seconds, "landlock": self.landlock, "refused": self.refused}


def confined(message: dict[str, Any]) -> Isolation | None:
    """Take out of a message what this process may reach, and keep to it; None if it says nothing.

    ``reach`` is ``Reach.to_json()``, ``scratch`` the one folder to write to, ``asked`` the time.
    To be called before another thread runs.
    """
    if "reach" not in message:
        return None
    reach, scratch, asked = (message.pop(name) for name in ("reach", "scratch", "asked"))
    _forget_the_command()
    _keep_to(scratch)
    allowed = [
        *((Path(one), landlock.READ) for one in reach["read"]),
        *((Path(one), landlock.LIST) for one in reach["listed"]),
        *((Path(one), landlock.WRITE) for one in (*reach["written"], scratch)),
    ]
    try:
        return Isolation(asked, landlock.confine(allowed))
    except OSError as error:
        return Isolation(asked, None, error.strerror or str(error))


def _keep_to(scratch: str) -> None:
    """Have libraries write there what is temporary."""
    tempfile.tempdir = os.environ["TMPDIR"] = scratch
    os.environ.update({name: scratch for name in COMPILERS if name not in os.environ})
    # Else what the sampler starts would look for a folder of the bench's.
    vars(current_process())["_config"].pop("tempdir", None)


def _forget_the_command() -> None:
    """Command line and variables name the workspace and hold secrets: nothing for a sampler."""
    sys.argv[:] = [""]  # in place: the list is held elsewhere too
    for name in [name for name in os.environ if is_private(name)]:
        del os.environ[name]

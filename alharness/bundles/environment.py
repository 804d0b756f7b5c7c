"""What a bundle is packed with: packages, driver, system, and the state of the project's code."""

from __future__ import annotations

import platform
import re
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import alharness
from alharness.api.text import one_line

DRIVER = Path("/proc/driver/nvidia/version")
SCHEMA = 1


def environment() -> dict[str, Any]:
    """JSON of what is here, without names of hosts, users or folders.

    ``packages``: versions of all installed distributions. ``driver``: of NVIDIA's GPUs, or None.
    ``git``: of the checkout that alharness is imported from, or None where it is none.
    """
    return {
        "schema": SCHEMA,
        "alharness": alharness.__version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "architecture": platform.machine(),
        "packages": dict(packages()),
        "driver": driver(),
        "git": git_state(Path(alharness.__file__).parent),
    }


@cache
def packages() -> Mapping[str, str]:
    """Versions of the installed distributions by name; of several of one name the first found."""
    found: dict[str, str] = {}
    for one in distributions():
        try:
            name, version = one.name, one.version
        except Exception:  # somebody's metadata is broken
            continue
        if isinstance(name, str) and isinstance(version, str):
            found.setdefault(one_line(name.lower(), 100), one_line(version, 100))
    return dict(sorted(found.items()))


def driver() -> str | None:
    """Version of the NVIDIA driver, or None."""
    try:
        text = DRIVER.read_text()
    except OSError:
        return None
    match = re.search(r"\b\d+\.\d+(?:\.\d+)?\b", text)
    return match.group() if match else None


def git_state(folder: Path) -> dict[str, Any] | None:
    """Commit of the checkout that tracks ``folder``, and whether files differ from it; or None."""
    if _git(folder, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    commit = _git(folder, "rev-parse", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    if commit is None or changes is None:
        return None
    return {"commit": commit.strip(), "dirty": bool(changes.strip())}


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout if done.returncode == 0 else None

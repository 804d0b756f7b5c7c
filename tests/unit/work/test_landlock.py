"""Landlock: what is not allowed is denied to a process and to what it starts, for good."""

import errno
import json
import os
import subprocess
import sys

import pytest

from alharness.work import landlock
from alharness.work.landlock import cannot_confine

needs_landlock = pytest.mark.skipif(cannot_confine() is not None, reason=str(cannot_confine()))

PROGRAM = """
import json, os, signal, subprocess, sys
from pathlib import Path
from alharness.work import landlock

allowed, free, named, hidden = map(Path, sys.argv[1:5])
landlock.confine([
    *((Path(one), landlock.READ) for one in {system!r}),
    (Path("/proc"), landlock.READ), (Path("/dev"), landlock.WRITE),
    (allowed, landlock.READ), (free, landlock.WRITE), (named, landlock.LIST),
    (allowed / "absent", landlock.READ),
])
parent = os.getppid()
tries = {{
    "read": lambda: (allowed / "file").read_bytes(),
    "read one that is hidden": lambda: (hidden / "file").read_bytes(),
    "read by another name": lambda: Path(f"/proc/self/root{{hidden}}/file").read_bytes(),
    "list": lambda: os.listdir(allowed),
    "list names": lambda: os.listdir(named),
    "read one of the names": lambda: (named / "file").read_bytes(),
    "list what is hidden": lambda: os.listdir(hidden),
    "change": lambda: (allowed / "file").write_bytes(b"2"),
    "cut off": lambda: os.truncate(allowed / "file", 0),
    "make": lambda: (hidden / "new").touch(),
    "remove": lambda: (allowed / "file").unlink(),
    "write": lambda: (free / "new").write_bytes(b"2"),
    "move within": lambda: [(free / "in").mkdir(), (free / "new").rename(free / "in" / "new")],
    "move in": lambda: (allowed / "file").rename(free / "file"),
    "link in": lambda: os.link(hidden / "file", free / "link"),
    "nothing": lambda: Path("/dev/null").write_bytes(b""),
    "have it read": lambda: subprocess.run(["cat", hidden / "file"], check=True),
    "variables of the parent": lambda: Path(f"/proc/{{parent}}/environ").read_bytes(),
    "memory of the parent": lambda: Path(f"/proc/{{parent}}/mem").open("rb"),
    "files of the parent": lambda: os.readlink(f"/proc/{{parent}}/fd/1"),
    "end the parent": lambda: os.kill(parent, 0),
    "end itself": lambda: os.kill(os.getpid(), 0),
}}
done = {{}}
for name, attempt in tries.items():
    try:
        attempt()
        done[name] = None
    except OSError as error:
        done[name] = error.errno
    except subprocess.CalledProcessError as error:
        done[name] = -error.returncode
print(json.dumps(done))
"""
PROGRAMS = ("/usr", "/lib", "/lib64", "/bin", "/etc")
MAY = {"read", "list", "list names", "write", "move within", "nothing", "end itself"}


@needs_landlock
def test_what_is_not_allowed_is_denied(tmp_path):
    folders = [tmp_path / name for name in ("allowed", "free", "named", "hidden")]
    for folder in folders:
        folder.mkdir()
        (folder / "file").write_bytes(b"1")
    system = [sys.prefix, sys.base_prefix, *PROGRAMS, *sys.path]
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(system=system), *map(str, folders)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    done = json.loads(finished.stdout)
    if landlock.version() < landlock.SCOPES_SINCE:
        done.pop("end the parent")
    if os.geteuid() == 0:
        done.pop("variables of the parent")  # CAP_PERFMON may read them
    assert {name for name, error in done.items() if error is None} == MAY
    denied = {done[name] for name in done.keys() - MAY - {"have it read"}}
    # A link into another folder is refused as one across devices.
    assert denied <= {errno.EACCES, errno.EPERM, errno.EXDEV}
    assert done["have it read"] < 0
    assert (folders[0] / "file").read_bytes() == b"1"


def test_a_kernel_without_it_says_why(monkeypatch):
    def refused(number, *arguments):
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(landlock, "_call", refused)
    assert "landlock (Operation not supported)" in cannot_confine()
    with pytest.raises(OSError, match="not supported"):
        landlock.confine([])


def test_an_older_kernel_is_asked_for_what_it_knows():
    first, third = (landlock._known(landlock.WRITE, version) for version in (1, 3))
    assert first == (1 << 13) - 2, "thirteen rights, but for executing"
    assert third == landlock.WRITE == (1 << 15) - 2

"""MLflow in a process of its own: both ends of the pipe.

MLflow takes seconds of Python to import and tens of milliseconds a run. In a
thread of the coordinator that would halve the speed of training while it lasts
(measured: a thread that waits for the interpreter after each small tensor
operation); a process beside it does not. It also keeps MLflow's log lines,
settings and hanging connections away from the bench. One line of JSON asks,
one line answers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from alharness.api.text import one_line
from alharness.tracking.credentials import redacted, secrets
from alharness.tracking.logged_run import LoggedRun
from alharness.tracking.own_database import OwnDatabase, Replaced
from alharness.tracking.tracking_uri import OWN, TrackingStore
from alharness.work.environment import secrets_of

SETTINGS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",
}
"""For the process of MLflow only, unless the user has set them.

The tracker retries by itself. A connection that is kept would go on writing into a database that
was removed or set aside.
"""


STARTS = 6
"""How often the process is started, at most, when it dies again and again."""


REASON = 300
"""Characters of what is told of an error, at most."""

_DAMAGED = ("malformed", "is not a database", "no such table")


class NotLogged(Exception):
    """MLflow did not take something; the message says why.

    ``lasting``: it refused this run and would again, but may take others.
    ``passing``: it need not be waited for: it may be tried again at once.
    ``remedy``: what has to be done before it can be opened at all; empty where waiting may do.
    """

    def __init__(
        self, reason: str, *, lasting: bool = False, passing: bool = False, remedy: str = ""
    ) -> None:
        super().__init__(reason)
        self.lasting = lasting
        self.passing = passing
        self.remedy = remedy


@dataclass(frozen=True)
class Destination:
    """Which experiment of which store runs are written to, and the workspace they come from."""

    store: TrackingStore
    workspace: Path
    experiment: str
    title: str


class Opened(NamedTuple):
    """What was found: the state of each run by key; the name of the experiment of alharness 0.1.

    ``superseded`` is None unless that experiment was renamed just now, ``damage`` unless the
    workspace's own database could not be used and was set aside just now: then it says why.
    """

    states: dict[str, str]
    superseded: str | None = None
    damage: str | None = None


class MlflowProcess:
    """The bench's end: writes runs by asking the process, which is started again when it died."""

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self._ended = False
        self._starts = 0
        self._starting = threading.Lock()
        self._process = self._start()

    def open(self) -> Opened:
        """Connect. Raises NotLogged."""
        with self._starting:
            if not self._ended and self._process.poll() is not None and self._starts < STARTS:
                self._process = self._start()
        there = self._destination
        answer = self._ask(
            {
                "uri": there.store.uri,
                "own": there.store.folder is not None,
                "workspace": str(there.workspace),
                "experiment": there.experiment,
                "title": there.title,
            }
        )
        return Opened(answer["states"], answer["superseded"], answer["damage"])

    def describe(self, note: str) -> None:
        """Write the experiment's note, Markdown. Raises NotLogged."""
        self._ask({"note": note})

    def write(self, run: LoggedRun) -> None:
        """Write one run. Raises NotLogged."""
        self._ask({"run": run.to_json()})

    def kill(self) -> None:
        """End the process, whatever it is doing; who waits for its answer gets NotLogged."""
        with self._starting:
            self._ended = True
        self._process.kill()
        self._process.wait()

    def _start(self) -> subprocess.Popen[str]:
        self._starts += 1
        paths = [str(Path(path).absolute()) for path in sys.path if path]
        return subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],
            cwd=self._destination.store.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            env={**SETTINGS, **os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except (OSError, ValueError):
            line = ""
        if not line.endswith("\n"):
            self._process.kill()
            self._process.wait()
            raise NotLogged("its process ended", passing=not self._ended and self._starts < STARTS)
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise NotLogged(answer.pop("error"), **answer)
        return answer


def serve(requests: TextIO, answers: TextIO) -> None:
    """MLflow's end: answer until nobody asks any more."""
    service = _Service()
    for line in requests:
        try:
            answer = service.answer(json.loads(line))
        except Exception as error:
            answer = {
                "error": one_line(redacted(_reason(error), service.hidden), REASON),
                "lasting": _is_refusal(error),
                "passing": _is_passing(error),
                "remedy": _remedy(error),
            }
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


class _Service:
    """What answers requests; ``hidden`` is what no answer may hold."""

    def __init__(self) -> None:
        self.hidden = secrets_of(os.environ)
        self._store: Any = None
        self._own = OwnDatabase(Path(OWN))

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if "run" in request:
            self._store.write(LoggedRun.from_json(request["run"]))
            return {}
        if "note" in request:
            self._store.describe(request["note"])
            return {}
        return self._open(**request)

    def _open(
        self, uri: str, own: bool, workspace: str, experiment: str, title: str
    ) -> dict[str, Any]:
        self.hidden |= secrets(uri)
        from alharness.tracking.mlflow_store import MlflowStore

        database = self._own if own else None
        self._store = MlflowStore(uri, Path(workspace), experiment, title, database)
        return {
            "states": self._store.states(),
            "superseded": self._store.superseded,
            "damage": self._store.damage,
        }


def _reason(error: Exception) -> str:
    """The innermost cause, in its first line."""
    cause = _cause(error)
    lines = str(cause).strip().splitlines() or [""]
    return f"{type(cause).__name__}: {lines[0]}"


def _cause(error: BaseException) -> BaseException:
    """The innermost one."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__ or error
    return error


def _remedy(error: Exception) -> str:
    """What only people can do about a store that cannot be opened; empty where it may be away."""
    cause = _cause(error)
    if isinstance(cause, ModuleNotFoundError):
        return f"install the Python module '{cause.name}', or name another driver or store"
    if type(cause).__name__ == "NoSuchModuleError":  # SQLAlchemy's, of a driver
        return "name another driver or store in the tracking URI"
    return ""


def _is_passing(error: Exception) -> bool:
    """Whether opening again mends it: the database is another one, or no longer whole."""
    return isinstance(error, Replaced) or any(sign in str(error) for sign in _DAMAGED)


def _is_refusal(error: Exception) -> bool:
    """Whether MLflow refuses what it was given (HTTP 400), rather than not being there."""
    status = getattr(error, "get_http_status_code", None)
    return status is not None and status() == 400


def _main() -> None:
    """Serve on the pipe, and let nothing else of this process reach it."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    serve(sys.stdin, answers)


if __name__ == "__main__":
    _main()

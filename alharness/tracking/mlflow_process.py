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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from alharness.tracking.logged_run import LoggedRun

SETTINGS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
"""For the process of MLflow only, unless the user has set them. The tracker retries by itself."""


class NotLogged(Exception):
    """MLflow did not take something; the message says why.

    ``lasting``: it refused this run and would again, but may take others.
    """

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.lasting = lasting


@dataclass(frozen=True)
class Destination:
    """Which experiment of which store runs are written to, and the workspace they come from."""

    uri: str
    workspace: Path
    experiment: str
    title: str


class Opened(NamedTuple):
    """What was found: the state of each run by key; the name of the experiment of alharness 0.1.

    ``superseded`` is None unless that experiment was renamed just now.
    """

    states: dict[str, str]
    superseded: str | None = None


class MlflowProcess:
    """The bench's end: writes runs by asking the process."""

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            env={**SETTINGS, **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    def open(self) -> Opened:
        """Connect. Raises NotLogged."""
        there = self._destination
        answer = self._ask(
            {
                "uri": there.uri,
                "workspace": str(there.workspace),
                "experiment": there.experiment,
                "title": there.title,
            }
        )
        return Opened(answer["states"], answer["superseded"])

    def write(self, run: LoggedRun) -> None:
        """Write one run. Raises NotLogged."""
        self._ask({"run": run.to_json()})

    def kill(self) -> None:
        """End the process, whatever it is doing; who waits for its answer gets NotLogged."""
        self._process.kill()
        self._process.wait()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except (OSError, ValueError):
            line = ""
        if not line:
            raise NotLogged("no answer")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise NotLogged(answer["error"], lasting=answer["lasting"])
        return answer


def serve(requests: TextIO, answers: TextIO) -> None:
    """MLflow's end: answer until nobody asks any more."""
    store = None
    for line in requests:
        request = json.loads(line)
        try:
            from alharness.tracking.mlflow_store import MlflowStore

            if "run" not in request:
                request["workspace"] = Path(request["workspace"])
                store = MlflowStore(**request)
                answer: dict[str, Any] = {"states": store.states(), "superseded": store.superseded}
            else:
                assert store is not None
                store.write(LoggedRun.from_json(request["run"]))
                answer = {}
        except Exception as error:
            answer = {"error": _reason(error), "lasting": _is_refusal(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _reason(error: Exception) -> str:
    """The innermost cause, in one short line."""
    cause: BaseException = error
    while cause.__cause__ is not None or cause.__context__ is not None:
        cause = cause.__cause__ or cause.__context__ or cause
    lines = str(cause).strip().splitlines() or [""]
    return f"{type(cause).__name__}: {lines[0][:200]}"


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

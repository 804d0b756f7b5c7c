"""A third-party executor: threads that each start ``python -m alharness.work`` for what they get.

It knows the public API and a command, as one that goes through ssh or a cluster's queue would.
"""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from pydantic import Field

import alharness
from alharness.work import Outcome, spread


class SubprocessesParameters(alharness.Parameters):
    at_once: int = Field(2, ge=1, description="commands that run at the same time")


class Subprocesses(alharness.Executor):
    """Units in commands of their own."""

    def __init__(self, at_once):
        self.slots = at_once

    def open(self, site):
        self.site = site
        self.threads = ThreadPoolExecutor(self.slots)
        self.lock = threading.Lock()
        self.processes = set()
        self.closed = False

    def submit(self, unit):
        (future,) = self.submit_together([unit])
        return future

    def submit_together(self, units):
        return spread(self.threads.submit(self.outcomes, units), len(units))

    def outcomes(self, units):
        process = self.started()
        answer, _ = process.communicate(
            json.dumps({"site": self.site.to_json(), "units": list(units)})
        )
        self.processes.discard(process)
        if process.returncode:
            raise alharness.HarnessError(f"its command ended with {process.returncode}")
        return [Outcome.from_json(one) for one in json.loads(answer)["outcomes"]]

    def started(self):
        with self.lock:
            if self.closed:
                raise alharness.HarnessError("the executor was shut down")
            process = subprocess.Popen(
                [sys.executable, "-m", "alharness.work"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            self.processes.add(process)
            return process

    def shutdown(self):
        with self.lock:
            self.closed = True
        for process in list(self.processes):
            process.kill()
        self.threads.shutdown(cancel_futures=True)


@alharness.hookimpl
def alharness_executors():
    yield alharness.ExecutorSpec("subprocesses", Subprocesses, parameters=SubprocessesParameters)

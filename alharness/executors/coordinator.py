"""The coordinator: asks what is next, submits what is missing, and repeats until nothing is."""

from __future__ import annotations

import time
import traceback
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, wait

from alharness.api.errors import HarnessError
from alharness.executors.executor import Executor
from alharness.protocol.bench import Bench
from alharness.protocol.planning.survey import Survey, survey
from alharness.protocol.units import Unit
from alharness.registry.broken import one_line
from alharness.store.checkpoints import CheckpointMissing
from alharness.store.observer import Observer, Unobserved
from alharness.store.workspace import StoreLedger, Workspace

SURVEY_SHARE = 0.01
"""Surveys of a bench that keeps busy take at most about this share of its time."""


class Coordinator:
    """Carries out one bench in one workspace."""

    def __init__(
        self,
        bench: Bench,
        workspace: Workspace,
        executor: Executor,
        observer: Observer | None = None,
    ) -> None:
        self.bench = bench
        self.workspace = workspace
        self.executor = executor
        self.observer: Observer = observer or Unobserved()
        self.ledger = StoreLedger(workspace)
        self.failures: dict[str, str] = {}
        self._running: dict[Future[None], Unit] = {}

    def run(self) -> Survey:
        """Execute units until none is left that can be; where every run stands then."""
        while True:
            began = time.monotonic()
            state = self._look()
            pause = (time.monotonic() - began) / SURVEY_SHARE
            running = {unit.key for unit in self._running.values()}
            queue = deque(unit for unit in state.ready() if unit.key not in running)
            if not queue and not self._running:
                return state
            self._work(queue, until=time.monotonic() + pause)

    def _look(self) -> Survey:
        """Survey the bench, and drop the weights that nobody needs any more."""
        self.ledger.refresh()
        state = survey(self.bench, self.ledger, self.failures)
        for key in state.droppable:
            self.workspace.checkpoints.drop(key)
        self.observer.surveyed(state)
        return state

    def _work(self, queue: deque[Unit], until: float) -> None:
        """Keep the executor busy from ``queue``, until time is up or a unit changes the plan."""
        while True:
            while queue and len(self._running) < self.executor.slots:
                self._submit(queue.popleft())
            done, _ = wait(self._running, return_when=FIRST_COMPLETED)
            recorded = [self._settle(self._running.pop(future), future) for future in done]
            if not queue or not all(recorded) or time.monotonic() > until:
                return

    def _submit(self, unit: Unit) -> None:
        if self._was_done_elsewhere(unit):
            return
        for index_set in unit.sets:
            self.workspace.sets.put(index_set)
        self._running[self.executor.submit(unit.to_json())] = unit

    def _was_done_elsewhere(self, unit: Unit) -> bool:
        """Whether another bench in this workspace finished a unit since the survey."""
        if self.ledger.record(unit) is None:
            return False
        return unit.kind != "trial" or self.workspace.checkpoints.has(unit.key)

    def _settle(self, unit: Unit, future: Future[None]) -> bool:
        """Tell the observer how a unit ended; whether it ended with a record."""
        error = future.exception()
        if isinstance(error, CheckpointMissing):
            return False
        record = self.ledger.record(unit)
        if error is None and record is not None:
            self.observer.finished(unit, record)
            return True
        message = _message(unit, error)
        self.failures[unit.key] = message
        trace = traceback.format_exception(error) if error is not None else []
        self.workspace.records.log_failure(unit, {"message": message, "traceback": trace})
        self.observer.failed(unit, message)
        return False


def _message(unit: Unit, error: BaseException | None) -> str:
    """One line."""
    if error is None:
        return f"{unit.kind} {unit.key}: its record is damaged"
    if isinstance(error, HarnessError):
        return " ".join(str(error).split())
    return f"{unit.kind} {unit.key}: {one_line(error)}"

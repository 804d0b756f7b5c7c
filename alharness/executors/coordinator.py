"""The coordinator: asks what is next, submits what is missing, and repeats until nothing is."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from typing import NamedTuple

from alharness.api.errors import HarnessError
from alharness.api.executor import Executor
from alharness.executors.resources import with_resources
from alharness.observing.observers import Observers
from alharness.protocol.bench import Bench
from alharness.protocol.planning.survey import Planner, Survey
from alharness.protocol.planning.together import together
from alharness.protocol.units import Unit
from alharness.registry.boundary import one_line, trace
from alharness.store.allocating import uncollected
from alharness.store.checkpoints import CheckpointMissing
from alharness.store.ledger import StoreLedger
from alharness.store.workspace import Workspace

SURVEY_SHARE = 0.01
"""The share of its time that a busy bench spends on surveys, at most."""

ALLOWANCE = 1.0
"""Seconds of surveys that are free: a bench of seconds is not kept waiting."""


class _Submitted(NamedTuple):
    """A unit that an executor has, and the number of the submission that it travels in."""

    unit: Unit
    submission: int


class Coordinator:
    """Carries out one bench in one workspace; ``on_gpu``: its units ask the executor for a GPU."""

    def __init__(
        self,
        bench: Bench,
        workspace: Workspace,
        executor: Executor,
        observers: Observers | None = None,
        on_gpu: bool = False,
    ) -> None:
        self.bench = bench
        self.workspace = workspace
        self.executor = executor
        self.observers = observers or Observers()
        with uncollected():
            self.ledger = StoreLedger(workspace)
        self.failures: dict[str, str] = {}
        self._on_gpu = on_gpu
        self._planner = Planner(bench, self.ledger)
        self._running: dict[Future[None], _Submitted] = {}
        self._changed: set[str] = set()
        self._state = Survey((), frozenset())

    def run(self) -> Survey:
        """Execute units until none is left that can be; where every run stands then."""
        self.observers.bench_started(self.bench)
        try:
            return self._run()
        finally:
            self.ledger.keep()

    def _run(self) -> Survey:
        with uncollected():
            state = self._planner.survey(self.failures)
        self._told(state)
        self.ledger.keep()
        pace = SurveyPace()
        while True:
            running = {one.unit.key for one in self._running.values()}
            ready = [unit for unit in state.ready() if unit.key not in running]
            queue = deque(together(ready, self.executor.slots))
            if not queue and not self._running:
                if not self._changed:
                    return state
            else:
                self._work(queue, pace)
            with pace.survey():
                state = self._look()

    def _look(self) -> Survey:
        """Survey what changed, and drop the weights that nobody needs any more."""
        self.ledger.look_at_weights()
        changed, self._changed = self._changed, set()
        state = self._planner.resurvey(changed, self.failures)
        self.ledger.keep()
        return self._told(state)

    def _told(self, state: Survey) -> Survey:
        self._state = state
        for key in state.droppable:
            self.workspace.checkpoints.drop(key)
        self.observers.bench_surveyed(state)
        return state

    def _work(self, queue: deque[list[Unit]], pace: SurveyPace) -> None:
        """Keep the executor busy from ``queue``, until a survey may tell more.

        That is when something changed and a survey is due, or nothing is left to wait for.
        """
        while queue or self._running:
            while queue and len(self._submissions()) < self.executor.slots:
                self._submit(queue.popleft())
            if not self._running:
                return
            patience = pace.due_in() if self._changed else None
            done, _ = wait(self._running, patience, return_when=FIRST_COMPLETED)
            for future in done:
                self._settle(self._running.pop(future).unit, future)
            if self._changed and pace.due_in() == 0:
                return

    def _submit(self, units: list[Unit]) -> None:
        """Have units carried out that travel together, but for those that need not be."""
        left = [unit for unit in units if not self._is_settled(unit)]
        if not left:
            return
        for unit in left:
            self.workspace.keep_sets(unit)
        described = [with_resources(unit, self._on_gpu) for unit in left]
        futures = (
            [self.executor.submit(described[0])]
            if len(described) == 1
            else self.executor.submit_together(described)
        )
        number = max(self._submissions(), default=0) + 1
        for future, unit in zip(futures, left, strict=True):
            self._running[future] = _Submitted(unit, number)

    def _submissions(self) -> set[int]:
        """Numbers of the submissions that are not over."""
        return {one.submission for one in self._running.values()}

    def _is_settled(self, unit: Unit) -> bool:
        """Whether another bench finished a unit, or what waits for it; then that changed."""
        found = {unit.key} if self._was_done_elsewhere(unit) else self._done_without(unit)
        self._changed |= found
        return bool(found)

    def _was_done_elsewhere(self, unit: Unit) -> bool:
        """Whether another bench in this workspace finished a unit since the survey."""
        if self.ledger.look(unit) is None:
            return False
        match unit.kind:
            case "trial":
                return self.workspace.checkpoints.has(unit.key)
            case "representation":
                return self.workspace.features.has(unit.key)
            case _:
                return True

    def _done_without(self, unit: Unit) -> set[str]:
        """Keys of units that wait for the lost weights of a trial, and that another bench recorded.

        It dropped the weights afterwards. Unless more waits, nobody needs them trained again. A
        trial that was recorded before and waits is needed for its own weights.
        """
        if unit.kind != "trial" or self.ledger.result(unit) is None:
            return set()
        return {
            reader.key
            for reader in self._state.readers(unit)
            if self.ledger.result(reader) is None and self.ledger.look(reader) is not None
        }

    def _settle(self, unit: Unit, future: Future[None]) -> None:
        """Note that a unit changed, and tell the observers how it ended."""
        self._changed.add(unit.key)
        error = future.exception()
        if isinstance(error, CheckpointMissing):
            return
        record = self.ledger.look(unit)
        if error is None and record is not None:
            self.observers.unit_finished(unit.to_json(), record.to_json())
            return
        message = _message(unit, error, self._state)
        self.failures[unit.key] = message
        told = [] if error is None else trace(error).splitlines(keepends=True)
        try:
            self.workspace.records.log_failure(unit, {"message": message, "traceback": told})
        except HarnessError as unwritten:
            self.failures[unit.key] = message = f"{message} (its traceback is lost: {unwritten})"
        self.observers.unit_failed(unit.to_json(), message)


class SurveyPace:
    """When the next survey fits into the share of its time that a bench may spend on them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._spent = 0.0
        self._last = 0.0

    @contextmanager
    def survey(self) -> Iterator[None]:
        """Around a survey: what it takes counts."""
        began = self._clock()
        yield
        self._last = self._clock() - began
        self._spent += self._last

    def due_in(self) -> float:
        """Seconds until the next survey is due, taken to last as long as the last one; 0 if now."""
        allowed = ALLOWANCE + SURVEY_SHARE * (self._clock() - self._began)
        return max(0.0, (self._spent + self._last - allowed) / SURVEY_SHARE)


def _message(unit: Unit, error: BaseException | None, state: Survey) -> str:
    """One line, which names at least the scenario."""
    named = f"{unit.kind} {unit.key}"
    if error is None:
        return f"{named}: its record is damaged"
    if not isinstance(error, HarnessError):
        return f"{named}: {one_line(error)}"
    if error.where != named:
        return str(error)
    place = state.place_of(unit)
    return str(HarnessError(f"{error.what} ({place})", where=named, remedy=error.remedy))

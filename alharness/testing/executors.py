"""The contract of executors."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, wait
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from alharness.api.executor import Executor
from alharness.executors.resources import with_resources
from alharness.protocol.planning.survey import next_units
from alharness.protocol.units import Unit
from alharness.registry.boundary import one_line
from alharness.store.checkpoints import CheckpointMissing
from alharness.store.ledger import StoreLedger
from alharness.store.records import Record
from alharness.testing.bench import TinyBench
from alharness.testing.bench_plugin import process
from alharness.testing.rules import Broken, NotApplicable, Rule
from alharness.testing.subject import Subject
from alharness.work import InProcessSite

INITIAL_SETS = 4
"""Trials that can be submitted at once: more than the slots that are seen to be kept."""
PAUSE = 0.2
"""Seconds that a trial takes at least, so that those that run at once are seen to."""
PATIENCE = 120.0
"""Seconds within which a unit of a moment is done, its processes started; a cluster may queue."""
CLOCK = 0.002
"""Seconds by which a record's times are rounded, at most."""


class Errands:
    """The units of a tiny bench, and what is recorded of them."""

    def __init__(self, subject: Subject, folder: Path) -> None:
        tiny = TinyBench(subject, folder, INITIAL_SETS, PAUSE)
        self.site = tiny.site
        self._workspace = tiny.workspace
        self._bench = tiny.bench()
        self._ledger = StoreLedger(tiny.workspace)

    def ready(self, kind: str) -> list[Unit]:
        """The units of a kind that can be carried out now, in a fixed order."""
        self._ledger.refresh()
        return [unit for unit in next_units(self._bench, self._ledger) if unit.kind == kind]

    def described(self, unit: Unit) -> dict[str, Any]:
        """A unit as executors get it, its index sets in the store."""
        self._workspace.keep_sets(unit)
        return with_resources(unit, on_gpu=False)

    def record(self, unit: Unit) -> Record:
        """What a unit left. Raises Broken where that is nothing."""
        record = self._workspace.records.read(unit.kind, unit.key)
        if record is None:
            raise Broken(f"the future of a {unit.kind} is done, and there is no record")
        return record

    def carry_out_here(self, units: Sequence[Unit]) -> None:
        """Carry units out in this process. Raises what they raise."""
        with InProcessSite(self.site) as site:
            for outcome in site.carry_out([self.described(unit) for unit in units]):
                outcome.result()

    def forget_weights(self, evaluation: Unit) -> None:
        """Make a unit that reads weights fail."""
        for key in evaluation.inputs.reads().weights:
            self._workspace.checkpoints.drop(key)


def slots(subject: Subject) -> None:
    """It has one slot or more, and carries out no more submissions at a time than it has slots."""
    with _opened(subject) as (executor, errands):
        number: Any = executor.slots
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise Broken(f"slots is {number!r}")
        units = errands.ready("trial")
        _done(executor.submit(errands.described(unit)) for unit in units)
        at_once = _most_at_once([errands.record(unit) for unit in units])
    if at_once > number:
        raise Broken(f"{at_once} units were carried out at a time; its slots are {number}")


def records(subject: Subject) -> None:
    """When a unit's future is done, the unit's record is in the store."""
    with _opened(subject) as (executor, errands):
        unit = errands.ready("trial")[0]
        _done([executor.submit(errands.described(unit))])
        errands.record(unit)


def failures(subject: Subject) -> None:
    """The future of a unit that fails raises what the unit raised, and the other units go on."""
    with _opened(subject) as (executor, errands):
        failing, other = _one_that_fails(errands)
        futures = [executor.submit(errands.described(unit)) for unit in (failing, other)]
        _require_failure(futures[0])
        _done(futures[1:])
        errands.record(other)


def units_together(subject: Subject) -> None:
    """Each of several units that are submitted together has its own record and its own failure."""
    with _opened(subject) as (executor, errands):
        units = _one_that_fails(errands)
        futures = executor.submit_together([errands.described(unit) for unit in units])
        if len(futures) != len(units):
            raise Broken(f"{len(units)} units were submitted, {len(futures)} futures came back")
        _require_failure(futures[0])
        _done(futures[1:])
        errands.record(units[1])


def same_results(subject: Subject) -> None:
    """The results are those of the same units in this process, of every kind."""
    with _opened(subject) as (executor, errands), tempfile.TemporaryDirectory() as folder:
        here = Errands(subject, Path(folder))
        for kind in ("trial", "evaluation", "query", "annotation"):
            unit, same = errands.ready(kind)[0], here.ready(kind)[0]
            here.carry_out_here([same])
            _done([executor.submit(errands.described(unit))])
            if errands.record(unit).digest != here.record(same).digest:
                raise Broken(f"a {kind} gives another result than in this process")


def isolation(subject: Subject) -> None:
    """A sampler is asked in a process where there is no store: neither in the bench's, nor in one
    that executes units."""
    spec = subject.registry.find("executor", subject.plugin.name).spec
    if not getattr(spec, "isolated", True):
        raise NotApplicable("it is declared to isolate nothing (isolated = False)")
    with _opened(subject) as (executor, errands):
        for kind in ("trial", "query"):
            unit = errands.ready(kind)[0]
            _done([executor.submit(errands.described(unit))])
        notes = errands.record(unit).facts["notes"]
    if notes["process"] == process():
        raise Broken("a sampler was asked in the process of the bench")
    if notes["store_in_reach"]:
        raise Broken("a sampler was asked in a process that holds the store")


def fresh_plugins(subject: Subject) -> None:
    """Every query meets plugins that are imported for it: nothing that a module keeps reaches the
    next one."""
    spec = subject.registry.find("executor", subject.plugin.name).spec
    if not getattr(spec, "isolated", True):
        raise NotApplicable("it is declared to isolate nothing (isolated = False)")
    with _opened(subject) as (executor, errands):
        errands.carry_out_here(errands.ready("trial"))
        queries = errands.ready("query")[:2]
        for unit in queries:
            _done([executor.submit(errands.described(unit))])
        notes = [errands.record(unit).facts["notes"] for unit in queries]
    if any(note["queries_before"] for note in notes):
        raise Broken("a sampler's module had seen another query when it was asked")


def shutdown(subject: Subject) -> None:
    """Shut down while units are in progress, it ends their futures, and leaves no process."""
    for _ in range(2):  # What serves every executor of a process may stay after the first.
        before = _children()
        with _opened(subject) as (executor, errands):
            units = [errands.described(unit) for unit in errands.ready("trial")[:2]]
            futures = [executor.submit(unit) for unit in units]
        _require_ended(futures)
    left = _without(lambda: _children() - before)
    if left:
        raise Broken(f"{len(left)} processes are left")


RULES = tuple(
    Rule(check)
    for check in (
        slots,
        records,
        failures,
        units_together,
        same_results,
        isolation,
        fresh_plugins,
        shutdown,
    )
)


@contextmanager
def _opened(subject: Subject) -> Iterator[tuple[Executor, Errands]]:
    """A new executor, opened for units in a store of their own; shut down in the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        errands = Errands(subject, Path(folder).resolve())
        executor: Executor = subject.create()
        executor.open(errands.site)
        try:
            yield executor, errands
        finally:
            executor.shutdown()


def _one_that_fails(errands: Errands) -> list[Unit]:
    """Two evaluations; the weights that the first one needs are gone."""
    errands.carry_out_here(errands.ready("trial")[:2])
    units = errands.ready("evaluation")[:2]
    errands.forget_weights(units[0])
    return units


def _done(futures: Iterator[Future[None]] | Sequence[Future[None]]) -> None:
    """Wait until units are done. Raises Broken for one that fails, or is not done in time."""
    for future in list(futures):
        error = _error(future)
        if error is not None:
            raise Broken(f"a unit failed: {one_line(error)}") from error


def _require_failure(future: Future[None]) -> None:
    """Raises Broken unless the future raises what a unit without weights does."""
    error = _error(future)
    if error is None:
        raise Broken("a unit failed, and its future raised nothing")
    if not isinstance(error, CheckpointMissing):
        raise Broken(
            f"a unit raised CheckpointMissing, its future {one_line(error)}; "
            "raise what its Outcome holds"
        ) from error


def _error(future: Future[None]) -> BaseException | None:
    try:
        return future.exception(PATIENCE)
    except TimeoutError as error:
        raise Broken(f"a future was not done within {PATIENCE:.0f} s") from error
    except CancelledError as error:
        return error


def _require_ended(futures: Sequence[Future[None]]) -> None:
    pending = wait(futures, PATIENCE).not_done
    if pending:
        raise Broken(f"after it, {len(pending)} of {len(futures)} futures never end")


def _most_at_once(found: Sequence[Record]) -> int:
    """How many of the units were being executed at the same time, at most."""
    changes = []
    for record in found:
        begun = datetime.fromisoformat(record.facts["started"]).timestamp()
        changes += [(begun + CLOCK, 1), (begun + record.facts["seconds"] - CLOCK, -1)]
    most = now = 0
    for _, change in sorted(changes):
        now += change
        most = max(most, now)
    return most


def _children() -> set[int]:
    """Processes that this one started, and theirs; what has ended is none."""
    import psutil

    living = set()
    for one in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if one.status() != psutil.STATUS_ZOMBIE:
                living.add(one.pid)
    return living


def _without(left: Callable[[], set[int]]) -> set[int]:
    """What is left after a moment."""
    deadline = time.monotonic() + 5
    while (now := left()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return now

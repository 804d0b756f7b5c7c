"""Computing units of a bundle again, each from its recorded inputs.

In a workspace of its own, which only the bundle's index sets and its data are put in. Whatever a
unit reads is what was recorded, but for weights: those of trials are trained again. So each unit
is a question of its own; an error in one is not one in all that rest on it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

from alharness.api.errors import HarnessError
from alharness.api.executor import Executor
from alharness.bundles.agreement import Compared, Outcome, compared
from alharness.bundles.checking import Bundle
from alharness.executors.resources import with_resources
from alharness.protocol.units import AnnotationInputs, QueryInputs, Unit
from alharness.registry.boundary import one_line
from alharness.store.records import Record
from alharness.store.workspace import Workspace


def waves(bundle: Bundle, keys: Iterable[str]) -> list[list[Unit]]:
    """The units to compute, in waves: what is in one needs nothing that comes later.

    Trials first, with those whose weights other units read; queries by their cycle, since a later
    one may read what an earlier one stored.
    """
    chosen = {key: bundle.records[key].unit for key in keys}
    trials = {key: unit for key, unit in chosen.items() if unit.kind == "trial"}
    for unit in chosen.values():
        for trial in unit.inputs.reads().weights:
            trials.setdefault(trial, bundle.records[trial].unit)
    by_cycle: dict[int, list[Unit]] = {}
    rest: list[Unit] = []
    for unit in chosen.values():
        if isinstance(unit.inputs, QueryInputs):
            by_cycle.setdefault(unit.inputs.seed.cycle or 0, []).append(unit)
        elif unit.kind != "trial":
            rest.append(unit)
    queries = [by_cycle[cycle] for cycle in sorted(by_cycle)]
    return [wave for wave in (list(trials.values()), *queries, rest) if wave]


class Recomputing:
    """Computes units again in a workspace, by an executor that is open for it."""

    def __init__(
        self,
        bundle: Bundle,
        workspace: Workspace,
        executor: Executor,
        on_gpu: bool,
        tolerances: Mapping[str, float],
        told: Callable[[Compared], None],
    ) -> None:
        self._bundle = bundle
        self._workspace = workspace
        self._executor = executor
        self._on_gpu = on_gpu
        self._tolerances = tolerances
        self._told = told
        self._trained: set[str] = set()

    def run(self, planned: Sequence[Sequence[Unit]]) -> list[Compared]:
        """What came of each unit of these waves."""
        found = []
        for wave in planned:
            for one in self._wave(wave):
                self._told(one)
                found.append(one)
        return found

    def _wave(self, units: Sequence[Unit]) -> Iterator[Compared]:
        waiting = deque(units)
        running: dict[Future[None], Unit] = {}
        while waiting or running:
            while waiting and len(running) < self._executor.slots:
                unit = waiting.popleft()
                lost = [key for key in unit.inputs.reads().weights if key not in self._trained]
                if lost:
                    yield _not_computed(unit, f"trial {lost[0]}, which it reads, was not computed")
                    continue
                self._lay_out(unit)
                running[self._executor.submit(with_resources(unit, self._on_gpu))] = unit
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield self._settled(running.pop(future), future.exception())

    def _lay_out(self, unit: Unit) -> None:
        """Put there what a unit reads: its index sets, and records as they were recorded."""
        inputs = unit.inputs
        named = [*getattr(inputs, "labeled", ())]
        named += [one for one in (getattr(inputs, "validation", None),) if one is not None]
        recipe = getattr(inputs, "recipe", None)
        if recipe is not None and recipe.normalization is not None:
            named.append(recipe.normalization)
        for digest in named:
            if not self._workspace.sets.has(digest):
                self._workspace.sets.put(self._bundle.index_set(digest))
        for key in inputs.reads().records:
            self._put(self._bundle.records[key])

    def _settled(self, unit: Unit, error: BaseException | None) -> Compared:
        record = self._bundle.records[unit.key]
        again = self._workspace.records.read(unit.kind, unit.key)
        if error is not None or again is None:
            said = str(error) if isinstance(error, HarnessError) else "its record is damaged"
            if error is not None and not isinstance(error, HarnessError):
                said = one_line(error)
            return _not_computed(unit, said)
        if unit.kind == "trial":
            self._trained.add(unit.key)
        elif isinstance(unit.inputs, QueryInputs | AnnotationInputs):
            self._put(record)
        return compared(record, again, self._tolerances)

    def _put(self, record: Record) -> None:
        """Put a record there as it was recorded, in place of one that was computed again."""
        records, unit = self._workspace.records, record.unit
        there = records.read(unit.kind, unit.key)
        if there is not None and there.digest == record.digest:
            return
        records.path(unit.kind, unit.key).unlink(missing_ok=True)
        records.write(record, self._bundle.beside(record))


def _not_computed(unit: Unit, why: str) -> Compared:
    return Compared(unit.kind, unit.key, Outcome.NOT_COMPUTED, why)

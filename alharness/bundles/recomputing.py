"""Computing units of a bundle again, each from its recorded inputs.

In a workspace of its own, which only the bundle's index sets, its features and its data are put in.
Whatever a unit reads is what was recorded, but for weights: those of trials are trained again, and
so are features computed again that are not in the bundle. So each unit is a question of its own; an
error in one is not one in all that rest on it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

from alharness.api.errors import HarnessError
from alharness.api.executor import Executor
from alharness.bundles.agreement import Compared, Outcome, compared
from alharness.bundles.agreement_of_features import compared_features
from alharness.bundles.checking import Bundle
from alharness.executors.resources import with_resources
from alharness.protocol.units import (
    AnnotationInputs,
    QueryInputs,
    RepresentationInputs,
    TrialInputs,
    Unit,
)
from alharness.registry.boundary import one_line
from alharness.store.features import open_features
from alharness.store.records import Record
from alharness.store.workspace import Workspace


def waves(bundle: Bundle, keys: Iterable[str]) -> list[list[Unit]]:
    """The units to compute, in waves: what is in one needs nothing that comes later.

    Representations first, with those whose features other units read and the bundle does not have;
    then trials, with those whose weights other units read, each after the one whose weights it
    starts from; queries by their cycle, since a later one may read what an earlier one stored.
    """
    chosen = {key: bundle.records[key].unit for key in keys}
    features = {key: unit for key, unit in chosen.items() if unit.kind == "representation"}
    trials = {key: unit for key, unit in chosen.items() if unit.kind == "trial"}
    waiting = list(chosen.values())
    while waiting:
        for trial in waiting.pop().inputs.reads().weights:
            if trial not in trials:
                trials[trial] = bundle.records[trial].unit
                waiting.append(trials[trial])
    for unit in (*chosen.values(), *trials.values()):
        for key in unit.inputs.reads().features:
            if not bundle.has_features(key):
                features.setdefault(key, bundle.records[key].unit)
    by_cycle: dict[tuple[int, bool], list[Unit]] = {}
    rest: list[Unit] = []
    for unit in chosen.values():
        if isinstance(unit.inputs, QueryInputs):
            by_cycle.setdefault(_turn(unit.inputs), []).append(unit)
        elif unit.kind not in ("trial", "representation"):
            rest.append(unit)
    queries = [by_cycle[cycle] for cycle in sorted(by_cycle)]
    planned = (list(features.values()), *_by_cycle(trials.values()), *queries, rest)
    return [wave for wave in planned if wave]


def _by_cycle(trials: Iterable[Unit]) -> list[list[Unit]]:
    """Trials that start from others come after them; all others come first, together."""
    found: dict[int, list[Unit]] = {}
    for trial in trials:
        assert isinstance(trial.inputs, TrialInputs)
        alone = trial.inputs.recipe.start is None
        found.setdefault(0 if alone else trial.inputs.seed.cycle or 0, []).append(trial)
    return [found[cycle] for cycle in sorted(found)]


def _turn(query: QueryInputs) -> tuple[int, bool]:
    """When a query comes in its run: by its cycle, and before that the one without a model."""
    return query.seed.cycle or 0, query.trial is not None


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
        self._computed: set[str] = set()

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
                lost = self._lost(unit)
                if lost is not None:
                    yield _not_computed(unit, f"{lost}, which it reads, was not computed")
                    continue
                self._lay_out(unit)
                running[self._executor.submit(with_resources(unit, self._on_gpu))] = unit
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield self._settled(running.pop(future), future.exception())

    def _lost(self, unit: Unit) -> str | None:
        """A unit whose weights or features are read, and are not there."""
        reads = unit.inputs.reads()
        needed = [key for key in reads.features if not self._bundle.has_features(key)]
        for key in (*reads.weights, *needed):
            if key not in self._computed:
                return f"{self._bundle.records[key].unit.kind} {key}"
        return None

    def _lay_out(self, unit: Unit) -> None:
        """Put there what a unit reads: its index sets, records and features as recorded."""
        inputs = unit.inputs
        named = [*getattr(inputs, "labeled", ())]
        others = (getattr(inputs, name, None) for name in ("validation", "left_out", "held_out"))
        named += [one for one in others if one is not None]
        recipe = getattr(inputs, "recipe", None)
        if recipe is not None and recipe.normalization is not None:
            named.append(recipe.normalization)
        for digest in named:
            if not self._workspace.sets.has(digest):
                self._workspace.sets.put(self._bundle.index_set(digest))
        for key in inputs.reads().records:
            self._put(self._bundle.records[key])
        for key in inputs.reads().features:
            self._put_features(self._bundle.records[key])

    def _settled(self, unit: Unit, error: BaseException | None) -> Compared:
        record = self._bundle.records[unit.key]
        again = self._workspace.records.read(unit.kind, unit.key)
        if error is not None or again is None:
            said = str(error) if isinstance(error, HarnessError) else "its record is damaged"
            if error is not None and not isinstance(error, HarnessError):
                said = one_line(error)
            return _not_computed(unit, said)
        if isinstance(unit.inputs, RepresentationInputs):
            return self._settled_features(record, again)
        if unit.kind == "trial":
            self._computed.add(unit.key)
        elif isinstance(unit.inputs, QueryInputs | AnnotationInputs):
            self._put(record)
        return compared(record, again, self._tolerances)

    def _settled_features(self, record: Record, again: Record) -> Compared:
        """The recorded ones take their place, where the bundle has them."""
        key = record.unit.key
        self._computed.add(key)
        folder = self._workspace.features.checked(key, again.result["features"])
        recorded, found = self._bundle.features(key), open_features(folder)
        outcome = compared_features(record, again, recorded, found, self._tolerances)
        self._put_features(record)
        return outcome

    def _put_features(self, record: Record) -> None:
        """Put recorded features there with their record, if the bundle has them."""
        unit = record.unit
        assert isinstance(unit.inputs, RepresentationInputs)
        if not self._bundle.has_features(unit.key) or self._is_there(record):
            return
        features = self._bundle.features(unit.key)
        assert features is not None
        self._workspace.features.drop(unit.key)
        self._workspace.features.write(unit.key, len(features), unit.inputs.precision, [features])
        self._put(record)

    def _is_there(self, record: Record) -> bool:
        """Whether a unit has the record that was recorded."""
        there = self._workspace.records.read(record.unit.kind, record.unit.key)
        return there is not None and there.digest == record.digest

    def _put(self, record: Record) -> None:
        """Put a record there as it was recorded, in place of one that was computed again."""
        records, unit = self._workspace.records, record.unit
        if self._is_there(record):
            return
        records.path(unit.kind, unit.key).unlink(missing_ok=True)
        records.write(record, self._bundle.beside(record))


def _not_computed(unit: Unit, why: str) -> Compared:
    return Compared(unit.kind, unit.key, Outcome.NOT_COMPUTED, why)

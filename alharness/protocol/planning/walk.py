"""Walking a run through its cycles (paper, Algorithm 1), as far as the records reach."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Literal, Protocol

from alharness.api.space import Value
from alharness.protocol.bench import Bench, trained_with
from alharness.protocol.components import Component
from alharness.protocol.partition.sets import Added, LabeledSet
from alharness.protocol.planning.needed import needed
from alharness.protocol.planning.run import Run, Slot, State, Step, slots, slots_of_cycle
from alharness.protocol.tuning.search import TrialScore, best_trial
from alharness.protocol.units import Stored, Unit


class Ledger(Protocol):
    """What has been recorded so far."""

    def result(self, unit: Unit) -> Mapping[str, Any] | None:
        """The slim part of a unit's recorded result (``Inputs.slim``), or None."""
        ...

    @property
    def weights(self) -> AbstractSet[str]:
        """Keys of the units whose weights or features are there."""
        ...


class Walker:
    """Walks runs, and remembers what never changes: the units that it has named.

    trained: keys of the recorded trials that it met.
    """

    def __init__(self, bench: Bench, ledger: Ledger) -> None:
        self._bench = bench
        self._ledger = ledger
        self._draws: dict[tuple[str, int, int], tuple[Mapping[str, Value], ...]] = {}
        self._trials: dict[tuple[object, ...], Unit] = {}
        self._features: dict[tuple[str, tuple[str, ...]], tuple[Unit, ...]] = {}
        self.trained: set[str] = set()

    def walk(
        self, run: Run, failed: Collection[str], tuner: Run | None, before: Run | None = None
    ) -> Run:
        """Walk a run; before its dataset is prepared that leads nowhere: no unit is known.

        ``tuner`` is the run whose tuning it follows, walked before. ``before`` is the same run
        as it was walked last: its complete cycles are taken over.
        """
        if before is not None and before.complete:
            labeled = _taken_over(run, before)
        else:
            labeled = self._started(run, failed)
        for cycle in range(run.complete, run.condition.cycles):
            if labeled is None:
                break
            run.labeled.append(labeled)
            labeled = self._cycle(run, cycle, labeled, failed, tuner)
        run.needed.update(needed(self._bench, run))
        self._fill(run)
        self._count_complete(run)
        return run

    def _started(self, run: Run, failed: Collection[str]) -> LabeledSet | None:
        """What a run starts from; None before the dataset is prepared, or while it is chosen."""
        starts = run.condition.starts
        if not starts:
            return None
        self._represent(run, failed)
        if run.replays:
            return _replayed(run, 0)
        drawn = starts[run.place.initial_set].labeled
        if drawn is not None:
            return LabeledSet(drawn)
        return None if run.chooser is None else self._choose(run, run.chooser, failed)

    def _choose(self, run: Run, chooser: Component, failed: Collection[str]) -> LabeledSet | None:
        """Ask for what a run starts from, and for its labels."""
        condition, place = run.condition, run.place
        query = self._bench.first_query(condition, chooser, place)
        answer = self._step(run, Slot(0, "first-query", 0), query, failed)
        if answer is None:
            return None
        if chooser is run.method and answer.get("stored") is not None:
            run.first_stored = Stored(query=query.key, digest=answer["stored"])
        annotation = self._bench.first_annotation(condition, place, query)
        labels = self._step(run, Slot(0, "first-annotation", 0), annotation, failed)
        return (
            None if labels is None else LabeledSet(None).extended(_added(labels, query, annotation))
        )

    def _represent(self, run: Run, failed: Collection[str]) -> None:
        """The features that the run reads; runs share the units."""
        at = (run.condition.name, run.asked_for)
        if at not in self._features:
            self._features[at] = self._bench.features(run.condition, run.method)
        for number, unit in enumerate(self._features[at]):
            self._step(run, Slot(0, "representation", number), unit, failed)

    def _cycle(
        self, run: Run, cycle: int, labeled: LabeledSet, failed: Collection[str], tuner: Run | None
    ) -> LabeledSet | None:
        """Train, evaluate, query, annotate; the next labeled set, None where it ends or waits."""
        chosen = self._train(run, cycle, labeled, failed, tuner)
        if chosen is None:
            return None
        run.chosen.append(chosen)
        evaluation = self._bench.evaluation(run.condition, chosen)
        self._step(run, Slot(cycle, "evaluation", 0), evaluation, failed)
        run.satisfied = self._satisfies(chosen)
        if cycle == run.last:
            return None
        if run.replays:
            return _replayed(run, cycle + 1)
        committee = self._committee(run, cycle, labeled, failed)
        if committee is None:
            return None
        stored = run.stored[-1] if run.stored else run.first_stored
        query = self._bench.query(
            run.condition, run.method, run.place, cycle, labeled, run.chosen[-2:], committee, stored
        )
        answer = self._step(run, Slot(cycle, "query", 0), query, failed)
        if answer is None:
            return None
        newest = answer.get("stored")
        run.stored.append(None if newest is None else Stored(query=query.key, digest=newest))
        annotation = self._bench.annotation(run.condition, run.place, cycle, query)
        labels = self._step(run, Slot(cycle, "annotation", 0), annotation, failed)
        if labels is None:
            return None
        return labeled.extended(_added(labels, query, annotation))

    def _satisfies(self, chosen: Unit) -> bool:
        """Whether a chosen model is good enough for its run to end (paper, section 2)."""
        enough = self._bench.suite.protocol.stop_at_accuracy
        result = self._ledger.result(chosen)
        return enough is not None and result is not None and result["validation_accuracy"] >= enough

    def _train(
        self, run: Run, cycle: int, labeled: LabeledSet, failed: Collection[str], tuner: Run | None
    ) -> Unit | None:
        """The chosen trial of a cycle, or None while it is not known."""
        draws = self._hyperparameters(run, cycle, tuner)
        parent = run.chosen[-1] if run.chosen and self._is_warm else None
        units = [
            self._trial(run, cycle, number, labeled, values, "trial", parent)
            for number, values in enumerate(draws)
        ]
        scores = []
        for number, unit in enumerate(units):
            result = self._step(run, Slot(cycle, "trial", number), unit, failed)
            if result is not None:
                self.trained.add(unit.key)
                scores.append(trial_score(number, result))
        _give_up_tuning(run, cycle)
        if not scores:
            return None
        best = units[best_trial(scores)]
        if len(scores) < len(units):
            run.needed.add(best.key)
            return None
        return best

    def _committee(
        self, run: Run, cycle: int, labeled: LabeledSet, failed: Collection[str]
    ) -> list[Unit] | None:
        """The further models that the method's query needs, or None while one is not trained.

        Warm, each starts from itself in the cycle before: all from one model would agree.
        """
        values = trained_with(run.chosen[cycle])
        size = run.method.needs.committee
        goes_on = run.committees and self._is_warm
        parents: Sequence[Unit | None] = run.committees[-1] if goes_on else [None] * size
        members = [
            self._trial(run, cycle, number, labeled, values, "committee", parent)
            for number, parent in enumerate(parents)
        ]
        results = [
            self._step(run, Slot(cycle, "committee", number), member, failed)
            for number, member in enumerate(members)
        ]
        run.committees.append(members)
        self.trained.update(
            member.key
            for member, result in zip(members, results, strict=True)
            if result is not None
        )
        return None if any(result is None for result in results) else members

    def _hyperparameters(
        self, run: Run, cycle: int, tuner: Run | None
    ) -> Sequence[Mapping[str, Value]]:
        """What the trials of this cycle train with: a tuning's draws, or the tuner's choice."""
        if tuner is None or run.tunes:
            at = (run.condition.name, run.place.initial_set, cycle)
            if at not in self._draws:
                self._draws[at] = self._bench.draws(run.condition, run.place.initial_set, cycle)
            return self._draws[at]
        if cycle < len(tuner.chosen):
            return [trained_with(tuner.chosen[cycle])]
        if tuner.satisfied:
            return [trained_with(tuner.chosen[-1])]
        if tuner.stopped:
            _block(run, cycle, "the run whose tuning it follows failed")
        return []

    def _trial(
        self,
        run: Run,
        cycle: int,
        number: int,
        labeled: LabeledSet,
        values: Mapping[str, Value],
        purpose: Literal["trial", "committee"],
        parent: Unit | None,
    ) -> Unit:
        """The same object for the same trial: runs share trials, and surveys name them again.

        A training extension belongs to the task model: committees do without.
        """
        condition, place = run.condition, run.place
        extension = run.extension if purpose == "trial" else None
        trained_along = None if extension is None else extension.label
        at = (
            *(condition.name, place, cycle, purpose, number, trained_along, parent),
            *(labeled.digests, *values.items()),
        )
        if at not in self._trials:
            self._trials[at] = self._bench.trial(
                condition, place, cycle, number, labeled, values, purpose, extension, parent
            )
        return self._trials[at]

    def _step(
        self, run: Run, slot: Slot, unit: Unit, failed: Collection[str]
    ) -> Mapping[str, Any] | None:
        """Note where a unit stands; the slim part of its result when it is recorded."""
        result = self._ledger.result(unit)
        if result is not None:
            state = State.DONE
        elif unit.key in failed:
            state = State.FAILED
        else:
            state = self._state(run, unit, failed)
        run.steps[slot] = Step(state, unit)
        return result

    def _state(self, run: Run, unit: Unit, failed: Collection[str]) -> State:
        """Of a unit to be computed; what it reads and is gone is asked for again."""
        reads, there = unit.inputs.reads(), self._ledger.weights
        missing = [key for key in (*reads.weights, *reads.features) if key not in there]
        lost = any(key in failed for key in missing)
        for key in missing:
            lost |= self._ask_again(run, key, failed) in (State.FAILED, State.BLOCKED)
        return State.BLOCKED if lost else State.WAITING if missing else State.READY

    def _ask_again(self, run: Run, key: str, failed: Collection[str]) -> State | None:
        """A unit of the run whose weights or features are needed and gone; how it stands then.

        It may read such ones itself: those of the cycle before, in a warm start.
        """
        found = [slot for slot, step in run.steps.items() if step.unit and step.unit.key == key]
        state = None
        for slot in found:
            unit = run.steps[slot].unit
            assert unit is not None
            state = State.FAILED if key in failed else self._state(run, unit, failed)
            run.steps[slot] = Step(state, unit)
            run.complete = min(run.complete, slot.cycle)
        return state

    @property
    def _is_warm(self) -> bool:
        """Whether trainings start from the weights of the cycle before."""
        return self._bench.suite.protocol.warm_start

    def _fill(self, run: Run) -> None:
        """The slots that were not reached."""
        state = State.BLOCKED if run.stopped else State.WAITING
        for slot in slots(self._bench, run):
            run.steps.setdefault(slot, Step(state, None))

    def _count_complete(self, run: Run) -> None:
        while run.complete <= run.last and all(
            run.is_done(slot) for slot in slots_of_cycle(self._bench, run, run.complete)
        ):
            run.complete += 1


def trial_score(number: int, result: Mapping[str, Any]) -> TrialScore:
    """What a recorded trial tells its tuning; a loss that is not finite is recorded as None.

    Without a validation set there is no accuracy, and no second trial to choose from.
    """
    accuracy, loss = result["validation_accuracy"], result["validation_loss"]
    return TrialScore(
        number,
        math.nan if accuracy is None else accuracy,
        math.inf if loss is None else loss,
    )


def _added(labels: Mapping[str, Any], query: Unit, annotation: Unit) -> Added:
    """What an annotation added, by the slim part of its result."""
    return Added(labels["added"], query.key, annotation.key, labels.get("corrected"))


def _taken_over(run: Run, before: Run) -> LabeledSet | None:
    """Take over the complete cycles of a run, and return the labeled set of the one after them."""
    done = before.complete
    run.complete = done
    run.steps = {slot: step for slot, step in before.steps.items() if slot.cycle < done}
    run.labeled = before.labeled[:done]
    run.chosen = before.chosen[:done]
    run.committees = before.committees[:done]
    run.stored = before.stored[:done]
    run.satisfied = before.satisfied and before.finished
    if run.replays:
        return _replayed(run, done) if done <= run.last else None
    return before.labeled[done] if done < len(before.labeled) else None


def _replayed(run: Run, cycle: int) -> LabeledSet | None:
    """What the run that it replays trains on in a cycle; None while, or as, it is not known."""
    source = run.source
    if source is None:
        return None
    if cycle < len(source.labeled):
        return source.labeled[cycle]
    if source.stopped:
        _block(run, cycle, f"{source.name}, which it replays, did not go on")
    return None


def _block(run: Run, cycle: int, why: str) -> None:
    """Nothing of a cycle can be trained, since another run failed or is blocked."""
    run.steps[Slot(cycle, "trial", 0)] = Step(State.BLOCKED, None)
    run.blocked_by = why


def _give_up_tuning(run: Run, cycle: int) -> None:
    """Once a trial of a tuning failed, the others would be trained for nothing."""
    trials = [slot for slot in run.steps if slot.cycle == cycle and slot.kind == "trial"]
    if any(run.steps[slot].state is State.FAILED for slot in trials):
        for slot in trials:
            if run.steps[slot].state is State.READY:
                run.steps[slot] = Step(State.BLOCKED, run.steps[slot].unit)

"""Walking a run through its cycles (paper, Algorithm 1), as far as the records reach."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Literal, Protocol

from alharness.api.space import Value
from alharness.protocol.bench import Bench, trained_with
from alharness.protocol.partition.sets import Added, LabeledSet
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
        """Keys of the trials whose weights are there."""
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
        self.trained: set[str] = set()

    def walk(
        self, run: Run, failed: Collection[str], tuner: Run | None, before: Run | None = None
    ) -> Run:
        """Walk a run; before its dataset is prepared that leads nowhere: no unit is known.

        ``tuner`` is the run whose tuning it follows, walked before. ``before`` is the same run
        as it was walked last: its complete cycles are taken over.
        """
        labeled = _initial(run)
        if before is not None and before.complete:
            labeled = _taken_over(run, before)
        for cycle in range(run.complete, run.condition.cycles):
            if labeled is None:
                break
            run.labeled.append(labeled)
            labeled = self._cycle(run, cycle, labeled, failed, tuner)
        _note_needed(run)
        self._fill(run)
        self._count_complete(run)
        return run

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
        committee = self._committee(run, cycle, labeled, failed)
        if committee is None:
            return None
        stored = run.stored[-1] if run.stored else None
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
        added = Added(labels["added"], query.key, annotation.key, labels.get("corrected"))
        return labeled.extended(added)

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
        units = [
            self._trial(run, cycle, number, labeled, values, "trial")
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
        """The further models that the method's query needs, or None while one is not trained."""
        values = trained_with(run.chosen[cycle])
        members = [
            self._trial(run, cycle, number, labeled, values, "committee")
            for number in range(run.method.needs.committee)
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
            run.steps[Slot(cycle, "trial", 0)] = Step(State.BLOCKED, None)
        return []

    def _trial(
        self,
        run: Run,
        cycle: int,
        number: int,
        labeled: LabeledSet,
        values: Mapping[str, Value],
        purpose: Literal["trial", "committee"],
    ) -> Unit:
        """The same object for the same trial: runs share trials, and surveys name them again.

        A training extension belongs to the task model: committees do without.
        """
        condition, place = run.condition, run.place
        extension = run.method if run.method.needs.extension and purpose == "trial" else None
        trained_along = None if extension is None else extension.label
        at = (
            *(condition.name, place, cycle, purpose, number, trained_along),
            *(labeled.digests, *values.items()),
        )
        if at not in self._trials:
            self._trials[at] = self._bench.trial(
                condition, place, cycle, number, labeled, values, purpose, extension
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
            weights = self._ledger.weights
            missing = [key for key in unit.inputs.reads().weights if key not in weights]
            lost = any(key in failed for key in missing)
            state = State.BLOCKED if lost else State.WAITING if missing else State.READY
            for key in missing:
                _train_again(run, key, failed)
        run.steps[slot] = Step(state, unit)
        return result

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
    """What a recorded trial tells its tuning; a loss that is not finite is recorded as None."""
    loss = result["validation_loss"]
    return TrialScore(number, result["validation_accuracy"], math.inf if loss is None else loss)


def _initial(run: Run) -> LabeledSet | None:
    """What a run starts from, None before the dataset is prepared."""
    starts = run.condition.starts
    return LabeledSet(starts[run.place.initial_set].labeled) if starts else None


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
    return before.labeled[done] if done < len(before.labeled) else None


def _train_again(run: Run, key: str, failed: Collection[str]) -> None:
    """A recorded trial whose weights are gone but needed."""
    state = State.FAILED if key in failed else State.READY
    for slot, step in run.steps.items():
        if step.unit is not None and step.unit.key == key:
            run.steps[slot] = Step(state, step.unit)
            run.complete = min(run.complete, slot.cycle)


def _give_up_tuning(run: Run, cycle: int) -> None:
    """Once a trial of a tuning failed, the others would be trained for nothing."""
    trials = [slot for slot in run.steps if slot.cycle == cycle and slot.kind == "trial"]
    if any(run.steps[slot].state is State.FAILED for slot in trials):
        for slot in trials:
            if run.steps[slot].state is State.READY:
                run.steps[slot] = Step(State.BLOCKED, run.steps[slot].unit)


def _note_needed(run: Run) -> None:
    """Whose weights are needed: those of cycle 0, and what a planned unit reads."""
    for cycle, chosen in enumerate(run.chosen):
        readers = [
            Slot(cycle, "evaluation", 0),
            Slot(cycle, "query", 0),
            Slot(cycle + 1, "query", 0),
        ]
        planned = [slot for slot in readers if slot.kind == "evaluation" or slot.cycle < run.last]
        if cycle == 0 or not all(run.is_done(slot) for slot in planned):
            run.needed.add(chosen.key)
    for cycle, committee in enumerate(run.committees):
        if not run.is_done(Slot(cycle, "query", 0)):
            run.needed.update(member.key for member in committee)

"""Walking a run through its cycles (paper, Algorithm 1), as far as the records reach."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from alharness.api.space import Value
from alharness.protocol.bench import Bench, trained_with
from alharness.protocol.components import Component
from alharness.protocol.partition.sets import Added, LabeledSet
from alharness.protocol.planning.ledger import Ledger
from alharness.protocol.planning.naming import Names
from alharness.protocol.planning.needed import needed
from alharness.protocol.planning.run import Run, Slot
from alharness.protocol.planning.standing import block, conclude, give_up_tuning, note
from alharness.protocol.tuning.search import TrialScore, best_trial
from alharness.protocol.units import Stored, Unit


class Walker:
    """Walks runs.

    trained: keys of the recorded trials that it met.
    """

    def __init__(self, bench: Bench, ledger: Ledger) -> None:
        self._bench = bench
        self._ledger = ledger
        self._names = Names(bench)
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
        conclude(self._bench, run)
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
        for number, unit in enumerate(self._names.features(run)):
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
            self._names.trial(run, cycle, number, labeled, values, "trial", parent)
            for number, values in enumerate(draws)
        ]
        scores = []
        for number, unit in enumerate(units):
            result = self._step(run, Slot(cycle, "trial", number), unit, failed)
            if result is not None:
                self.trained.add(unit.key)
                scores.append(trial_score(number, result))
        give_up_tuning(run, cycle)
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
            self._names.trial(run, cycle, number, labeled, values, "committee", parent)
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
            return self._names.draws(run, cycle)
        if cycle < len(tuner.chosen):
            return [trained_with(tuner.chosen[cycle])]
        if tuner.satisfied:
            return [trained_with(tuner.chosen[-1])]
        if tuner.stopped:
            block(run, cycle, "the run whose tuning it follows failed")
        return []

    def _step(
        self, run: Run, slot: Slot, unit: Unit, failed: Collection[str]
    ) -> Mapping[str, Any] | None:
        """Note where a unit stands; the slim part of its result when it is recorded."""
        return note(self._ledger, run, slot, unit, failed)

    @property
    def _is_warm(self) -> bool:
        """Whether trainings start from the weights of the cycle before."""
        return self._bench.suite.protocol.warm_start


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
        block(run, cycle, f"{source.name}, which it replays, did not go on")
    return None

"""Runs that end at a validation accuracy, and oracles whose labels do not stay."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alharness.protocol.planning.run import Slot, State
from alharness.protocol.planning.survey import survey
from alharness.protocol.planning.tally import overall

ENOUGH = 0.75


@pytest.fixture
def bench(make_bench):
    return make_bench(initial_sets=8, seeds=3, final=0.5, stop_at_accuracy=ENOUGH, trials=2)


def accuracies(run, ledger):
    return [ledger.result(trial)["validation_accuracy"] for trial in run.chosen]


def test_a_run_ends_in_the_first_cycle_that_satisfies(bench, world):
    one = world(bench)
    end = one.finish(bench)
    assert {run.state for run in end.runs} == {State.DONE}
    assert {run.satisfied for run in end.runs} == {True, False}
    for run in end.runs:
        *before, last = accuracies(run, one)
        assert all(accuracy < ENOUGH for accuracy in before)
        assert run.satisfied == (last >= ENOUGH)
        assert run.satisfied or run.last == len(run.condition.sizes) - 1
        assert max(slot.cycle for slot in run.steps) == run.last == len(before)
        assert run.steps[Slot(run.last, "evaluation", 0)].state is State.DONE
        assert Slot(run.last, "query", 0) not in run.steps
    assert overall(end).done == len(one.records)


def test_who_outlasts_its_tuner_keeps_the_last_hyperparameters(bench, world):
    end = world(bench).finish(bench)
    tuners = {(run.method.label, run.place.initial_set): run for run in end.runs if run.tunes}
    outlasting = 0
    for run in end.runs:
        tuner = tuners[run.method.label, run.place.initial_set]
        for trial in run.chosen[len(tuner.chosen) :]:
            outlasting += len(tuner.chosen) > 1
            last = tuner.chosen[-1].inputs.hyperparameters
            assert trial.inputs.hyperparameters == last
    assert outlasting, "the test has nothing to look at"


def test_order_does_not_matter(bench, world):
    in_order = world(bench)
    in_order.finish(bench)

    @given(st.randoms(use_true_random=False))
    @settings(
        max_examples=4,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    def check(random):
        other = world(bench)
        other.finish(bench, lambda ready: random.sample(ready, random.randint(1, len(ready))))
        assert other.records == in_order.records
        assert other.checkpoints == in_order.checkpoints

    check()


def test_without_it_nothing_ends_early(make_bench, world):
    one = make_bench(initial_sets=4, seeds=3, final=0.5)
    assert not any(run.satisfied for run in world(one).finish(one).runs)


@pytest.mark.parametrize("stay", [True, False])
def test_labels_stay_unless_the_oracle_says_otherwise(make_bench, world, stay):
    bench = make_bench(labels_stay=stay, final=0.5)

    class Liar(world):
        def given(self, indices):
            return (self.labels[indices] + 1) % 3

    one = Liar(bench)
    one.finish(bench)
    truth = bench.conditions[0].facts.train_labels
    sizes = bench.conditions[0].sizes
    for run in survey(bench, one).runs:
        for cycle, labeled in enumerate(map(one.labeled, run.labeled)):
            wrong = labeled.labels != truth[labeled.indices]
            first_wrong = sizes[0] if stay or cycle == 0 else sizes[cycle - 1]
            assert wrong.tolist() == (np.arange(len(labeled)) >= first_wrong).tolist()

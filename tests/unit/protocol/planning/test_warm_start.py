"""Warm starts: whose weights a training goes on from, and how long these are kept."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from alharness import Choice, LogUniform
from alharness.protocol.planning.run import Slot, State
from alharness.protocol.planning.survey import Planner, next_units, survey

WARM = {"warm_start": True}
WALK = settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def bench(make_bench):
    """Three querying cycles, a tuning, two seeds, and two committees of different sizes."""
    return make_bench(
        ("random", "qbc", "jury"),
        trials=3,
        final=0.4,
        committees={"qbc": 3, "jury": 2},
        protocol=WARM,
    )


@pytest.fixture
def alone(make_bench):
    return make_bench(("random",), initial_sets=1, seeds=1, final=0.4, protocol=WARM)


def starts(run, kind):
    """What the trials of a run start from, by slot."""
    return {
        slot: step.unit.inputs.recipe.start
        for slot, step in run.steps.items()
        if slot.kind == kind and step.unit is not None
    }


@pytest.mark.parametrize("scope", ["per-initial-set", "first-initial-set", "fixed"])
def test_each_run_goes_on_from_what_it_chose_itself(make_bench, world, scope):
    bench = make_bench(scope=scope, protocol=WARM)
    end = world(bench).finish(bench)
    assert {run.state for run in end.runs} == {State.DONE}
    for run in end.runs:
        found = starts(run, "trial")
        assert found == {
            slot: run.chosen[slot.cycle - 1].key if slot.cycle else None for slot in found
        }
        assert {slot.cycle for slot in found} == set(range(run.condition.cycles))


def test_a_member_goes_on_from_itself(bench, world):
    """From the chosen model all members would start as one, and agree."""
    for run in world(bench).finish(bench).runs:
        found = starts(run, "committee")
        assert found == {
            slot: run.committees[slot.cycle - 1][slot.number].key if slot.cycle else None
            for slot in found
        }
        assert len(found) == 3 * run.method.needs.committee


def test_only_later_cycles_get_other_keys(make_bench, world):
    cold, warm = make_bench(), make_bench(protocol=WARM)
    ends = [world(bench).finish(bench) for bench in (cold, warm)]
    for usual, run in zip(*(end.runs for end in ends), strict=True):
        for slot, step in usual.steps.items():
            same = step.unit.key == run.steps[slot].unit.key
            assert same == (slot.cycle == 0), slot


def test_another_parent_is_another_trial(make_bench):
    bench = make_bench(protocol=WARM)
    (condition,), place = bench.conditions, next(bench.places())
    labeled = Planner(bench, _Nothing()).survey().runs[0].labeled[0]
    values = bench.draws(condition, 0, 0)[0]
    parents = [bench.trial(condition, place, 0, number, labeled, values) for number in (0, 1)]
    children = [
        bench.trial(condition, place, 1, 0, labeled, values, parent=parent) for parent in parents
    ]
    assert children[0].inputs.reads().weights == (parents[0].key,)
    assert children[0].key != children[1].key


class _Nothing:
    weights = frozenset()

    def result(self, unit):
        return None


def test_weights_stay_until_the_last_trial_that_reads_them_is_done(alone, world):
    one = world(alone)
    one.until(alone, "trial", 2)
    chosen = [unit.key for unit in survey(alone, one).runs[0].chosen]
    assert set(chosen) <= one.checkpoints
    trials = [unit for unit in next_units(alone, one) if unit.kind == "trial"]
    assert len(trials) == 2
    for unit in trials:
        assert chosen[1] in one.checkpoints
        one.compute(unit)
        one.drop(survey(alone, one))
    # Its query shows the model of the cycle before, too.
    assert chosen[1] in one.checkpoints
    one.until(alone, "trial", 3)
    assert chosen[1] not in one.checkpoints
    end = one.finish(alone)
    assert one.checkpoints == {end.runs[0].chosen[0].key}


def test_a_committee_stays_until_the_next_one_is_trained(bench, world):
    one = world(bench)
    query = one.until(bench, "query", 0)
    end = one.finish(bench)
    members = {unit.key for run in end.runs for committee in run.committees for unit in committee}
    assert set(query.inputs.committee) < members
    assert not members & one.checkpoints


def test_a_member_is_trained_again_for_the_next_one_that_goes_on_from_it(make_bench, world):
    bench = make_bench(
        ("qbc",), initial_sets=1, seeds=1, final=0.4, committees={"qbc": 2}, protocol=WARM
    )
    one = world(bench)
    one.until(bench, "trial", 1)
    state = survey(bench, one)
    lost = state.runs[0].committees[0][1].key
    assert lost in one.checkpoints, "the next committee goes on from it"
    one.checkpoints.remove(lost)
    one.finish(bench)
    assert one.trained.count(lost) == 2


def test_lost_weights_are_trained_again_from_those_that_they_started_from(alone, world):
    one = world(alone)
    unit = one.until(alone, "trial", 2)
    run = survey(alone, one).runs[0]
    first, second = (chosen.key for chosen in run.chosen)
    assert unit.inputs.recipe.start == second
    one.checkpoints -= {first, second}
    state = survey(alone, one)
    assert [ready.key for ready in state.ready()] == [first]
    number = int(run.chosen[1].inputs.seed.number)
    assert state.runs[0].steps[Slot(1, "trial", number)].state is State.WAITING
    one.compute(state.ready()[0])
    (again,) = next_units(alone, one)
    assert again.key == second
    one.compute(again)
    assert unit.key in {ready.key for ready in next_units(alone, one)}
    one.finish(alone)
    whole = world(alone)
    whole.finish(alone)
    assert one.records == whole.records


def test_lost_weights_of_a_finished_bench_are_trained_by_nobody(alone, world):
    one = world(alone)
    one.finish(alone)
    one.checkpoints.clear()
    assert next_units(alone, one) == ()


def test_weights_lost_for_good_block_what_goes_on_from_them(alone, world):
    one = world(alone)
    one.until(alone, "trial", 2)
    first, second = (chosen.key for chosen in survey(alone, one).runs[0].chosen)
    one.checkpoints -= {first, second}
    state = survey(alone, one, {first})
    assert state.ready() == ()
    assert state.runs[0].state is State.FAILED
    assert state.runs[0].steps[Slot(2, "trial", 0)].state is State.BLOCKED


def test_a_planner_that_walks_what_changed_surveys_as_one_that_walks_everything(make_bench, world):
    """Units done, lost and found again in any order; the independent source is ``survey``."""
    bench = make_bench(
        ("random", "qbc"), initial_sets=1, final=0.4, committees={"qbc": 2}, protocol=WARM
    )
    whole = world(bench)
    whole.finish(bench)

    def standing(state):
        return [
            (run.name, run.state, run.complete, run.needed, dict(run.steps)) for run in state.runs
        ]

    @given(st.randoms(use_true_random=False))
    @WALK
    def check(random):
        one = world(bench)
        planner = Planner(bench, one)
        state = planner.survey()
        for _ in range(40):
            ready = list(state.ready())
            if not ready:
                break
            chosen = random.sample(ready, random.randint(1, min(len(ready), 12)))
            for unit in chosen:
                if set(unit.inputs.reads().weights) <= one.checkpoints:
                    one.compute(unit)
            if random.random() < 0.3 and one.checkpoints:
                one.checkpoints.discard(random.choice(sorted(one.checkpoints)))
            state = planner.resurvey({unit.key for unit in chosen}, frozenset())
            everything = survey(bench, one)
            if standing(state) != standing(everything):
                waiting = {key for run in everything.runs for key in run.pending}
                state = planner.resurvey(waiting, frozenset())
            assert standing(state) == standing(everything)
            assert state.droppable == everything.droppable
            one.drop(state)
        one.finish(bench, lambda ready: random.sample(ready, random.randint(1, len(ready))))
        assert one.records == whole.records

    check()


def test_what_cycle_0_and_later_ones_are_trained_with(make_bench, world):
    later = {"epochs": 3, "momentum": 0.5}
    bench = make_bench(training={"first": {"epochs": 7}, "later": later})
    for run in world(bench).finish(bench).runs:
        for cycle, trial in enumerate(run.chosen):
            recipe = trial.inputs.recipe
            assert (recipe.epochs, recipe.momentum) == ((3, 0.5) if cycle else (7, 0.9))
            assert recipe.start is None


def test_what_cycle_0_and_later_ones_are_tuned_over(make_bench):
    bench = make_bench(
        trials=40, tuning={"later": {"learning-rate": {"log": [1e-6, 1e-5]}}, "first": {}}
    )
    (condition,) = bench.conditions
    assert bench.space(condition, 0) == condition.space
    assert bench.space(condition, 2) == {
        "learning-rate": LogUniform(1e-6, 1e-5),
        "batch-size": Choice((8,)),
        "optimizer": Choice(("sgd",)),
    }
    rates = [
        np.array([one["learning-rate"] for one in bench.draws(condition, 0, cycle)])
        for cycle in (0, 1, 2)
    ]
    assert rates[0].min() >= 1e-3
    for later in rates[1:]:
        assert later.min() >= 1e-6
        assert later.max() < 1e-5


def test_tables_that_say_what_holds_anyway_change_no_key(make_bench, world):
    usual = make_bench(epochs=4)
    told = make_bench(
        epochs=4,
        protocol={"warm_start": False},
        training={"first": {"epochs": 4}, "later": {"nesterov": False}},
    )
    ends = [world(bench).finish(bench) for bench in (usual, told)]
    for one, other in zip(*(end.runs for end in ends), strict=True):
        assert {s: step.unit.key for s, step in one.steps.items()} == {
            s: step.unit.key for s, step in other.steps.items()
        }

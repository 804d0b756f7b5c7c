"""What comes next: benches walked to their end in any order."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alharness.protocol.planning.run import Slot, State
from alharness.protocol.planning.survey import Planner, next_units, survey
from alharness.protocol.planning.tally import Estimate, Group, Tally, estimate, overall, tallies

SCOPES = ["per-initial-set", "first-initial-set", "fixed"]
WALK = settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def any_order(random):
    """Executes a few of the ready units, in an order of Hypothesis's choosing."""

    def choose(ready):
        return random.sample(ready, random.randint(1, min(len(ready), 12)))

    return choose


def keys(one, kind):
    return {key for key, unit in one.units.items() if unit.kind == kind}


def trial_keys(state, method):
    """Trial keys of a method, by run and slot."""
    return {
        (run.place, slot): step.unit.key
        for run in state.runs
        if run.method.name == method
        for slot, step in run.steps.items()
        if slot.kind == "trial"
    }


def run_of(state, method="random", place=(0, 0)):
    (run,) = [run for run in state.runs if (run.method.name, run.place) == (method, place)]
    return run


@pytest.mark.parametrize("scope", SCOPES)
def test_any_order_ends_with_the_same(make_bench, world, scope):
    bench = make_bench(scope=scope)
    in_order = world(bench)
    end = in_order.finish(bench)
    assert {run.state for run in end.runs} == {State.DONE}

    @given(st.randoms(use_true_random=False))
    @WALK
    def check(random):
        other = world(bench)
        state = other.finish(bench, any_order(random))
        assert {run.state for run in state.runs} == {State.DONE}
        assert other.records == in_order.records
        assert other.checkpoints == in_order.checkpoints
        assert len(other.trained) == len(set(other.trained)), "weights were dropped too early"
        for one, same in zip(state.runs, end.runs, strict=True):
            assert [unit.key for unit in one.chosen] == [unit.key for unit in same.chosen]
            assert [part.digests for part in one.labeled] == [part.digests for part in same.labeled]

    check()


@pytest.mark.parametrize("scope", SCOPES)
def test_numbers_of_units(make_bench, world, scope):
    """I = 3, J = 2, M = 2, K = 3 cycles, T = 4 trials: cycle 0 is shared by both methods."""
    sets, seeds, methods, cycles, trials = 3, 2, 2, 3, 4
    bench = make_bench(scope=scope, initial_sets=sets, seeds=seeds, trials=trials)
    one = world(bench)
    end = one.finish(bench)
    tuners = {"per-initial-set": sets, "first-initial-set": 1, "fixed": 0}[scope]
    per_cycle = tuners * trials + (sets * seeds - tuners)
    runs = sets * seeds
    assert Counter(unit.kind for unit in one.units.values()) == {
        "trial": per_cycle * (1 + methods * (cycles - 1)),
        "evaluation": runs * (1 + methods * (cycles - 1)),
        "query": runs * methods * (cycles - 1),
        "annotation": runs * methods * (cycles - 1),
    }
    assert overall(end) == Tally(done=len(one.records))
    before = overall(survey(bench, world(bench)))
    assert before.total == len(one.records), "the plan knows the numbers from the start"
    assert before.done == before.failed == before.blocked == 0
    numbers = tallies(end)
    assert numbers[Group("blobs", "margin", 0, "trial")] == Tally(done=per_cycle, shared=per_cycle)
    assert numbers[Group("blobs", "margin", 0, "query")] == Tally(done=runs)
    assert numbers[Group("blobs", "margin", 1, "trial")] == Tally(done=per_cycle)
    assert Group("blobs", "margin", cycles - 1, "query") not in numbers


def test_labeled_sets(make_bench, world):
    bench = make_bench()
    one = world(bench)
    end = one.finish(bench)
    condition = bench.conditions[0]
    truth = condition.facts.train_labels
    assert condition.sizes == (6, 12, 18)
    for run in end.runs:
        labeled = [one.labeled(part) for part in run.labeled]
        assert tuple(len(part) for part in labeled) == condition.sizes
        validation = condition.starts[run.place.initial_set].validation.indices
        assert len(validation) == 6
        for before, after in itertools.pairwise(labeled):
            np.testing.assert_array_equal(after.indices[: len(before)], before.indices)
        last = labeled[-1]
        assert len(np.unique(last.indices)) == len(last)
        assert not np.intersect1d(last.indices, validation).size
        np.testing.assert_array_equal(last.labels, truth[last.indices])
    starts = {run.place: set() for run in end.runs}
    for run in end.runs:
        starts[run.place].add(run.labeled[0].digests)
    assert all(len(digests) == 1 for digests in starts.values())


def test_a_trial_trains_on_what_the_oracle_said(make_bench, world):
    class Liar(world):
        def given(self, indices):
            return (self.labels[indices] + 1) % 3

    bench = make_bench(("random",))
    one = Liar(bench)
    run = run_of(one.finish(bench))
    truth = bench.conditions[0].facts.train_labels
    labeled = one.labeled(run.labeled[1])
    wrong = labeled.labels != truth[labeled.indices]
    assert wrong.tolist() == [False] * 6 + [True] * 6
    assert run.chosen[1].inputs.labeled == run.labeled[1].digests


def test_a_method_added_later_adds_only_its_later_cycles(make_bench, world):
    alone, both = make_bench(("random",)), make_bench(("random", "margin"))
    one = world(alone)
    one.finish(alone)
    done = set(one.records)
    state = survey(both, one)
    one.drop(state)
    assert overall(state).done == len(done)
    margin = {group: tally for group, tally in tallies(state).items() if group.method == "margin"}
    assert margin[Group("blobs", "margin", 0, "trial")] == Tally(done=6, shared=6)
    assert margin[Group("blobs", "margin", 0, "evaluation")] == Tally(done=4, shared=4)
    assert all(tally.done == 0 for group, tally in margin.items() if group.kind == "query")
    assert {unit.kind for unit in state.ready()} == {"query"}
    one.finish(both)
    new = [unit for key, unit in one.units.items() if key not in done]
    assert not [unit for unit in new if unit.kind == "trial" and unit.inputs.seed.cycle == 0]
    fresh = world(both)
    fresh.finish(both)
    assert fresh.records == one.records


def test_trial_keys_do_not_depend_on_other_methods(make_bench, world):
    """Published trap 6."""

    def walked(*methods):
        bench = make_bench(methods)
        return world(bench).finish(bench)

    alone, both, reverse = walked("random"), walked("random", "margin"), walked("margin", "random")
    assert trial_keys(alone, "random") == trial_keys(both, "random")
    assert trial_keys(both, "random") == trial_keys(reverse, "random")
    assert trial_keys(both, "margin") == trial_keys(reverse, "margin")


def test_methods_differ_by_their_labels_only(make_bench, world):
    """Published traps 16 and 20: warm starts, epochs or recipes for one method and not for others.

    Common random numbers too: trial t draws the same hyper-parameters for every sampler.
    """
    end = world(bench := make_bench(trials=3)).finish(bench)
    inputs = {
        method: {
            (run.place, slot): step.unit.inputs
            for run in end.runs
            if run.method.name == method
            for slot, step in run.steps.items()
            if slot.kind == "trial"
        }
        for method in ("random", "margin")
    }
    assert inputs["random"].keys() == inputs["margin"].keys()
    for at, one in inputs["random"].items():
        other = inputs["margin"][at]
        differ = {
            name for name in type(one).model_fields if getattr(one, name) != getattr(other, name)
        }
        tuned = at[0].seed == 0
        assert differ <= ({"labeled"} if tuned else {"labeled", "hyperparameters"})


def test_methods_that_pick_the_same_share_everything(make_bench, world):
    """The sampler is not in a trial's key: equal labels, equal trials."""

    class Agreement(world):
        def _answer(self, unit):
            if unit.kind == "query":
                hidden = set(range(60)) - {i for part in unit.sets for i in self.indices(part)}
                return {"indices": [int(index) for index in sorted(hidden)[:6]]}
            return super()._answer(unit)

    bench = make_bench()
    end = Agreement(bench).finish(bench)
    assert trial_keys(end, "random") == trial_keys(end, "margin")


def test_test_accuracy_decides_nothing(make_bench, world):
    """Published trap 16."""
    bench = make_bench()
    one, other = world(bench, test_luck=1), world(bench, test_luck=2)
    one.finish(bench)
    other.finish(bench)
    assert one.records.keys() == other.records.keys()
    assert {key: one.records[key] for key in keys(one, "evaluation")} != {
        key: other.records[key] for key in keys(other, "evaluation")
    }


@pytest.mark.parametrize("scope", ["per-initial-set", "first-initial-set"])
def test_seeds_wait_for_the_tuner_and_take_its_hyperparameters(make_bench, world, scope):
    bench = make_bench(scope=scope, trials=3)
    one = world(bench)
    tuner = next(iter(bench.places()))
    for _ in range(3):  # two of three trials
        state = survey(bench, one)
        ready = [unit for unit in state.ready() if unit.inputs.seed.initial_set == 0]
        assert {unit.inputs.seed.seed for unit in ready} == {0}
        waiting = run_of(state, place=(0, 1)).steps[Slot(0, "trial", 0)]
        assert waiting == (State.WAITING, None)
        one.compute(ready[0])
    state = survey(bench, one)
    reuse = run_of(state, place=(0, 1)).steps[Slot(0, "trial", 0)]
    assert reuse.state is State.READY
    end = one.finish(bench)
    for run in end.runs:
        tuner = bench.tuner(run.place)
        best = run_of(end, run.method.name, tuner)
        chosen = [unit.inputs.hyperparameters for unit in best.chosen]
        assert [unit.inputs.hyperparameters for unit in run.chosen] == chosen
        assert chosen[0] != chosen[1], "every cycle is tuned anew"


def test_the_best_on_validation_is_chosen(make_bench, world):
    """Accuracy, then lower loss, then lower number; what diverged loses."""
    bench = make_bench(("random",), trials=5, initial_sets=1, seeds=1)
    scores = [(0.5, 1.0), (0.75, 2.0), (0.75, 1.0), (0.75, 1.0), (1.0, None)]

    class Known(world):
        def _answer(self, unit):
            if unit.kind == "trial":
                accuracy, loss = scores[unit.inputs.seed.number]
                return {"validation_accuracy": accuracy, "validation_loss": loss}
            return super()._answer(unit)

    run = run_of(Known(bench).finish(bench))
    assert [unit.inputs.seed.number for unit in run.chosen] == [2, 2, 2]


def fails_at(bench, world, kind, *, place, cycle, method=None, number=0):
    """The end of a bench in which one unit fails, and the keys that failed."""
    failed = []

    def fails(unit):
        trained = one.units[unit.inputs.trial] if unit.kind == "evaluation" else unit
        path = trained.inputs.seed
        at = ((path.initial_set, path.seed), path.cycle, path.number)
        here = unit.kind == kind and at == (place, cycle, number)
        if here and (method is None or unit.inputs.sampler.name == method):
            failed.append(unit.key)
        return unit.key in failed

    one = world(bench)
    return one, one.finish(bench, fails=fails), frozenset(failed)


def states(state):
    return {(run.method.name, tuple(run.place)): run.state for run in state.runs}


PLACES = [(0, 0), (0, 1), (1, 0), (1, 1)]


@pytest.mark.parametrize("kind", ["query"])
@pytest.mark.parametrize("place", [(0, 1), (1, 1)])
def test_a_failure_stops_its_run_alone(make_bench, world, kind, place):
    bench = make_bench()
    one, end, failed = fails_at(bench, world, kind, place=place, cycle=1, method="margin")
    expected = {(name, at): State.DONE for name in ("random", "margin") for at in PLACES}
    assert states(end) == expected | {("margin", place): State.FAILED}
    run = run_of(end, "margin", place)
    assert run.steps[Slot(1, "query", 0)].state is State.FAILED
    assert run.steps[Slot(0, "query", 0)].state is State.DONE
    for slot in [Slot(1, "annotation", 0), Slot(2, "trial", 0), Slot(2, "evaluation", 0)]:
        assert run.steps[slot].state is State.BLOCKED
    assert len(failed) == 1
    assert overall(end).failed == 1
    # Tried anew once the failure is forgotten, and then the bench ends as any other.
    assert {unit.key for unit in next_units(bench, one)} == failed
    one.finish(bench)
    whole = world(bench)
    whole.finish(bench)
    assert one.records == whole.records


def test_a_tuner_that_fails_blocks_the_seeds_that_need_it(make_bench, world):
    bench = make_bench()
    _, end, _ = fails_at(bench, world, "query", place=(0, 0), cycle=1, method="margin")
    expected = {(name, at): State.DONE for name in ("random", "margin") for at in PLACES}
    assert states(end) == expected | {
        ("margin", (0, 0)): State.FAILED,
        ("margin", (0, 1)): State.BLOCKED,
    }
    blocked = run_of(end, "margin", (0, 1))
    assert blocked.steps[Slot(1, "evaluation", 0)].state is State.DONE
    assert blocked.steps[Slot(2, "trial", 0)].state is State.BLOCKED


def test_on_the_first_initial_set_a_tuner_that_fails_blocks_all(make_bench, world):
    bench = make_bench(scope="first-initial-set")
    _, end, _ = fails_at(bench, world, "query", place=(0, 0), cycle=0, method="margin")
    assert states(end) == {
        **{("random", at): State.DONE for at in PLACES},
        **{("margin", at): State.BLOCKED for at in PLACES},
        ("margin", (0, 0)): State.FAILED,
    }


def test_a_failed_trial_ends_its_tuning(make_bench, world):
    """The others would be trained for nothing."""
    bench = make_bench(trials=4)
    one = world(bench)
    first = next_units(bench, one)[0]
    assert first.inputs.seed.number == 0
    one.compute(first)
    second = next_units(bench, one)[0]
    state = survey(bench, one, {second.key})
    run = run_of(state)
    assert [run.steps[Slot(0, "trial", number)].state for number in range(4)] == [
        State.DONE,
        State.FAILED,
        State.BLOCKED,
        State.BLOCKED,
    ]
    assert run.state is State.FAILED
    assert all(unit.inputs.seed.initial_set == 1 for unit in state.ready())
    assert {run.state for run in state.runs if run.place == (0, 1)} == {State.BLOCKED}
    assert first.key not in state.droppable


def test_an_evaluation_that_fails_stops_nothing(make_bench, world):
    """It decides nothing: the run goes on, and is reported as failed."""
    bench = make_bench()
    one = world(bench)
    seen = []

    def fails(unit):
        if unit.kind == "evaluation" and not seen:
            seen.append(unit.key)
        return unit.key in seen

    for _ in range(100):
        state = survey(bench, one, set(seen))
        if seen:
            assert overall(state).blocked == 0, "what will be executed is not blocked"
        one.drop(state)
        ready = [unit for unit in state.ready() if not fails(unit)]
        if not ready:
            break
        for unit in ready[:2]:
            one.compute(unit)
    end = survey(bench, one, set(seen))
    place = next(run.place for run in end.runs if run.state is State.FAILED)
    assert {run.state for run in end.runs if run.place != place} == {State.DONE}
    assert overall(end) == Tally(done=len(one.records), failed=1)
    assert one.units.keys() | set(seen) == world_keys(bench, world)


def world_keys(bench, world):
    whole = world(bench)
    whole.finish(bench)
    return whole.units.keys()


def test_cycle_0s_weights_stay_and_later_ones_go(make_bench, world):
    bench = make_bench()
    one = world(bench)
    end = one.finish(bench)
    assert one.checkpoints == {run.chosen[0].key for run in end.runs}


def test_a_tuning_keeps_one_alive(make_bench, world):
    bench = make_bench(("random",), trials=6, initial_sets=1, seeds=1)
    one = world(bench)
    for done in range(1, 6):
        one.compute(next_units(bench, one)[0])
        state = survey(bench, one)
        one.drop(state)
        assert len(one.checkpoints) == 1
        trials = [(-r["validation_accuracy"], r["validation_loss"]) for r in one.records.values()]
        ranked = [(loss is None, *((0, 0) if loss is None else (a, loss))) for a, loss in trials]
        best = list(one.records)[ranked.index(min(ranked))]
        assert one.checkpoints == {best}
        assert len(one.records) == done


def test_a_query_keeps_its_model_and_the_one_before(make_bench, world):
    bench = make_bench(("random",), initial_sets=1, seeds=1, final=0.4)
    one = world(bench)
    query = one.until(bench, "query", 2)
    chosen = [unit.key for unit in run_of(survey(bench, one)).chosen]
    assert query.inputs.trial == chosen[2]
    assert query.inputs.previous.trial == chosen[1]
    assert one.checkpoints == set(chosen)
    one.compute(query)
    assert survey(bench, one).droppable == set(chosen[1:])


def test_missing_weights_are_trained_again_only_when_needed(make_bench, world):
    bench = make_bench(("random",), initial_sets=1, seeds=1)
    one = world(bench)
    query = one.until(bench, "query", 1)
    for lost in (query.inputs.trial, query.inputs.previous.trial):
        one.checkpoints.remove(lost)
        state = survey(bench, one)
        assert [unit.key for unit in state.ready()] == [lost]
        assert run_of(state).steps[Slot(1, "query", 0)].state is State.WAITING
        one.compute(state.ready()[0])
        assert [unit.key for unit in next_units(bench, one)] == [query.key]
    one.finish(bench)
    one.checkpoints.clear()
    assert next_units(bench, one) == ()
    whole = world(bench)
    whole.finish(bench)
    assert one.records == whole.records


def test_weights_lost_for_good_block_what_reads_them(make_bench, world):
    bench = make_bench(("random",), initial_sets=1, seeds=1)
    one = world(bench)
    query = one.until(bench, "query", 1)
    lost = query.inputs.trial
    one.checkpoints.remove(lost)
    state = survey(bench, one, {lost})
    run = run_of(state)
    assert state.ready() == ()
    assert run.state is State.FAILED
    assert run.steps[Slot(1, "query", 0)].state is State.BLOCKED
    assert run.steps[Slot(2, "evaluation", 0)].state is State.BLOCKED
    assert overall(state).waiting == 0


@pytest.mark.parametrize("change", [{"seed": 1}, {"epochs": 3}, {"model": "cnn"}])
def test_what_changes_every_trial(make_bench, world, change):
    def first(bench):
        return {unit.key for unit in next_units(bench, world(bench))}

    assert not first(make_bench()) & first(make_bench(**change))
    assert first(make_bench()) == first(make_bench())


@pytest.mark.parametrize("change", [{"test": "other"}, {"oracle": "noisy"}])
def test_what_changes_no_trial_of_cycle_0(make_bench, world, change):
    def first(bench):
        return [unit.key for unit in next_units(bench, world(bench))]

    assert first(make_bench()) == first(make_bench(**change))


def test_estimate(make_bench, world):
    """2 trials of 3 seconds each at 6 labels; 6 and 12 more labels take 2 and 3 times as long."""
    bench = make_bench(("random",), initial_sets=1, seeds=1)
    one = world(bench)
    took = {"trial": 3.0, "evaluation": 1.0, "query": 5.0, "annotation": 7.0}

    def seconds(unit):
        return took[unit.kind]

    assert estimate(survey(bench, one), seconds) is None
    for unit in next_units(bench, one):
        one.compute(unit)
    # Measured are two trials of 3 s at 6 labels; those at 12 and 18 labels take 6 and 9 s.
    first = estimate(survey(bench, one), seconds)
    name = bench.conditions[0].name
    assert first.seconds == 2 * (6.0 + 9.0)
    assert set(first.uncounted) == {(name, kind) for kind in ("evaluation", "query", "annotation")}
    query = one.until(bench, "annotation", 0)
    assert query.kind == "annotation"
    one.compute(query)
    state = survey(bench, one)
    done = [unit for unit in one.units.values() if unit.kind == "evaluation"]
    if not done:
        one.compute(next(unit for unit in state.ready() if unit.kind == "evaluation"))
        state = survey(bench, one)
    # Trials at 12 and 18 labels: 2 x 3 s x 2 and x 3. Evaluations 1 s x 2 and x 3.
    # Query and annotation of cycle 1, at 12 labels: (5 + 7) s x 2.
    left = estimate(state, seconds)
    assert left.seconds == pytest.approx(2 * 3 * (2 + 3) + 1 * (2 + 3) + (5 + 7) * 2)
    assert left.uncounted == ()
    first = next_units(bench, one)[0]
    one.compute(first)

    def slower(unit):
        return 10.0 if unit.key == first.key else took[unit.kind]

    # Measured at 12 labels: the other trial there takes 10 s, those at 18 labels 15 s.
    state = survey(bench, one)
    slow = estimate(state, slower).seconds
    assert slow == pytest.approx(10 + 2 * 15 + 1 * (2 + 3) + (5 + 7) * 2)
    assert estimate(world(bench).finish(bench), lambda unit: None) == Estimate(0.0)


def test_tally_of_a_bench_that_began(make_bench, world):
    bench = make_bench(initial_sets=1, seeds=2, trials=3)
    one = world(bench)
    one.compute(next_units(bench, one)[0])
    state = survey(bench, one)
    numbers = tallies(state)
    for method in ("random", "margin"):
        # Seed 0 tunes: one done, two ready. Seed 1 waits for its hyper-parameters.
        assert numbers[Group("blobs", method, 0, "trial")] == Tally(
            done=1, ready=2, waiting=1, shared=4
        )
        assert numbers[Group("blobs", method, 1, "trial")] == Tally(waiting=4)
    # Cycle 0 once: 4 trials, 2 evaluations. Then twice: 8 trials, 4 evaluations, 4 queries,
    # 4 annotations.
    assert overall(state) == Tally(done=1, ready=2, waiting=1 + 2 + 2 * (8 + 4 + 4 + 4))


@pytest.mark.parametrize("methods", [("random", "margin"), ("margin", "random")])
def test_a_shared_trial_that_one_method_needs_again_is_not_done(make_bench, world, methods):
    alone, both = make_bench(("random",)), make_bench(methods)
    one = world(alone)
    one.finish(alone)
    one.checkpoints.clear()
    state = survey(both, one)
    assert len(state.ready()) == 4, "the chosen trials of cycle 0, for the queries of margin"
    assert overall(state).ready == 4


@pytest.mark.parametrize("scope", SCOPES)
def test_a_planner_that_walks_what_changed_surveys_as_one_that_walks_everything(
    make_bench, world, scope
):
    """Units done, failed, lost and found again; the independent source is ``survey`` itself."""
    bench = make_bench(scope=scope, final=0.4)

    def standing(state):
        return [
            (run.name, run.state, run.complete, run.needed, dict(run.steps)) for run in state.runs
        ]

    @given(st.randoms(use_true_random=False))
    @WALK
    def check(random):
        one, failed = world(bench), frozenset()
        planner = Planner(bench, one)
        state = planner.survey()
        for _ in range(40):
            ready = list(state.ready())
            if not ready:
                break
            changed = set()
            for unit in random.sample(ready, random.randint(1, min(len(ready), 8))):
                changed.add(unit.key)
                if random.random() < 0.03:
                    failed |= {unit.key}
                elif set(unit.inputs.reads().weights) <= one.checkpoints:
                    one.compute(unit)
            if random.random() < 0.2 and one.checkpoints:
                one.checkpoints.discard(random.choice(sorted(one.checkpoints)))
            state, whole = planner.resurvey(changed, failed), survey(bench, one, failed)
            waiting = {key for run in whole.runs for key in run.pending}
            # Weights that went without a word are met when a unit asks for them.
            if standing(state) != standing(whole):
                state = planner.resurvey(waiting, failed)
            assert standing(state) == standing(whole)
            assert state.ready() == whole.ready()
            assert state.droppable == whole.droppable

    check()


def test_runs_that_did_not_change_stay_the_same_objects(make_bench, world):
    bench = make_bench()
    one = world(bench)
    planner = Planner(bench, one)
    before = planner.survey()
    unit = before.ready()[0]
    one.compute(unit)
    after = planner.resurvey({unit.key}, frozenset())
    same = [run is other for run, other in zip(before.runs, after.runs, strict=True)]
    place = (unit.inputs.seed.initial_set, unit.inputs.seed.seed)
    assert same == [run.place[0] != place[0] for run in before.runs]
    one.finish(bench)
    planner = Planner(bench, one)
    end = planner.survey()
    assert all(run.finished for run in end.runs)
    again = planner.resurvey(set(one.records), frozenset())
    assert all(run is other for run, other in zip(end.runs, again.runs, strict=True))

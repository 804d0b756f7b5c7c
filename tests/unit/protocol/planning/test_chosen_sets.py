"""Cold start: runs that begin with a query before any training."""

from collections import Counter

import numpy as np
import pytest

from alharness.protocol.planning.run import CHOOSING, Slot, State
from alharness.protocol.planning.survey import Planner, next_units, survey
from alharness.protocol.planning.tally import overall, tallies, trainings

FIRST_QUERY, FIRST_ANNOTATION = (Slot(0, kind, 0) for kind in CHOOSING)
METHODS = ("random", "margin", "typical", "qbc")


@pytest.fixture
def cold(make_bench):
    """``random`` and ``typical`` choose, ``margin`` and ``qbc`` start from random's."""

    def make(methods=METHODS, **changes):
        changes = {"committees": {"qbc": 2}, **changes}
        return make_bench(
            methods,
            protocol={"initial_draw": "chosen", **changes.pop("protocol", {})},
            training={"normalize": False},
            choosers=("random", "typical"),
            **changes,
        )

    return make


def units_of(state, slot):
    return {(run.method.name, run.place): run.steps[slot].unit for run in state.runs}


@pytest.mark.parametrize("scope", ["per-initial-set", "first-initial-set", "fixed"])
def test_a_bench_ends_and_first_sets_are_shared_where_one_chose_them(cold, world, scope):
    bench = cold(scope=scope)
    ready = next_units(bench, world(bench))
    assert Counter(unit.kind for unit in ready) == {"query": 2 * 4}
    done = world(bench)
    end = done.finish(bench)
    assert {run.state for run in end.runs} == {State.DONE}
    for slot in (FIRST_QUERY, FIRST_ANNOTATION, Slot(0, "trial", 0), Slot(0, "evaluation", 0)):
        units = units_of(end, slot)
        for place in bench.places():
            keys = {method: units[method, place].key for method in METHODS}
            assert keys["random"] == keys["margin"] == keys["qbc"] != keys["typical"]
    queries = units_of(end, Slot(0, "query", 0))
    assert len({unit.key for unit in queries.values()}) == 4 * 4
    runs, n_trials = 4, sum(slot.kind == "trial" for run in end.runs for slot in run.steps)
    shared = sum(
        slot.kind == "trial" and slot.cycle == 0
        for run in end.runs
        if run.method.name in ("margin", "qbc")
        for slot in run.steps
    )
    committees = runs * 2 * 2
    assert trainings(end).total == n_trials - shared + committees


def test_what_the_first_query_is_asked(cold, world):
    bench = cold(queries={"pool_subset": 30})
    done = world(bench)
    end = done.finish(bench)
    condition = bench.conditions[0]
    for run in end.runs:
        start = condition.starts[run.place.initial_set]
        inputs = run.steps[FIRST_QUERY].unit.inputs
        assert inputs.trial is inputs.previous is inputs.stored is None
        assert inputs.labeled == inputs.committee == ()
        assert (inputs.budget, inputs.pool_subset) == (condition.sizes[0], 30)
        assert inputs.validation == start.validation.digest
        assert inputs.left_out == start.left_out.digest
        assert inputs.reads().weights == ()
        later = run.steps[Slot(0, "query", 0)].unit.inputs
        assert inputs.seed != later.seed
        assert (inputs.seed.cycle, later.seed.cycle) == (0, 0)
        assert '"trial"' not in inputs.spelled()
        annotation, first = (run.steps[slot].unit for slot in (FIRST_ANNOTATION, FIRST_QUERY))
        assert annotation.inputs.query == first.key
        assert annotation.inputs.seed != run.steps[Slot(0, "annotation", 0)].unit.inputs.seed
        # Everything that was labeled is in the pool of the initial set, once.
        labeled = done.labeled(run.labeled[-1])
        assert len(np.unique(labeled.indices)) == len(labeled) == condition.sizes[-1]
        beside = np.concatenate([start.validation.indices, start.left_out.indices])
        assert not np.isin(labeled.indices, beside).any()
        for cycle, size in enumerate(condition.sizes):
            assert len(done.labeled(run.labeled[cycle])) == size
        trial = run.steps[Slot(0, "trial", 0)].unit.inputs
        assert trial.recipe.normalization is None
        assert trial.labeled == (done.records[annotation.key]["added"],)


def test_sizes_and_pools_of_the_queries(cold):
    """54 of 60 images: 5, 11 and 16 labels, 5 for validation; 49 are in the first pool."""
    condition = cold().conditions[0]
    assert condition.sizes == (5, 11, 16)
    assert condition.queried == (5, 6, 5)
    assert condition.pools == (49, 44, 38)
    assert condition.n_left_out == 6


def test_what_a_plan_counts_before_it_is_known_is_what_there_is(cold, world):
    """As many units, and as many shared by several methods, as in the end."""
    bench = cold()
    empty = survey(bench, world(bench))
    end = world(bench).finish(bench)
    assert overall(empty).total == overall(end).total
    before, after = tallies(empty), tallies(end)
    assert {group: (one.total, one.shared) for group, one in before.items()} == {
        group: (one.total, one.shared) for group, one in after.items()
    }
    kinds = {(group.method, group.kind) for group in before if group.kind in CHOOSING}
    assert kinds == {(method, kind) for method in METHODS for kind in CHOOSING}


def test_nothing_is_asked_twice_when_the_bench_goes_on(cold, world):
    """From wherever it was left, and a planner that walks on ends as one that walks anew."""
    bench = cold(("random", "typical"))
    whole = world(bench)
    whole.finish(bench)
    done = world(bench)
    planner = Planner(bench, done)
    state = planner.survey()
    while ready := state.ready():
        done.compute(ready[0])
        state = planner.resurvey({ready[0].key}, frozenset())
        anew = survey(bench, done)
        assert [unit.key for unit in anew.ready()] == [unit.key for unit in state.ready()]
        done.drop(state)
    assert done.records == whole.records


def test_what_a_chooser_stores_is_its_own_next_querys(cold, world):
    class Storing(world):
        def _answer(self, unit):
            answer = super()._answer(unit)
            return answer | {"stored": f"of {unit.key}"} if unit.kind == "query" else answer

    bench = cold()
    end = Storing(bench).finish(bench)
    for run in end.runs:
        first, then = (run.steps[slot].unit for slot in (FIRST_QUERY, Slot(0, "query", 0)))
        stored = then.inputs.stored
        if run.chooser is run.method:
            assert (stored.query, stored.digest) == (first.key, f"of {first.key}")
        else:
            assert stored is None


def test_corrected_labels_of_a_chosen_set(cold, world):
    """Where an oracle's labels do not stay, those of the first set do not either."""
    bench = cold(("random",), labels_stay=False)
    done = world(bench)
    end = done.finish(bench)
    for run in end.runs:
        record = done.records[run.steps[FIRST_ANNOTATION].unit.key]
        assert run.labeled[0].digests == (record["added"],)
        assert run.labeled[1].digests[0] == record["corrected"]


def test_a_first_query_that_failed_blocks_those_that_start_from_it(cold, world):
    bench = cold()
    done = world(bench)
    end = done.finish(
        bench,
        fails=lambda unit: unit.kind == "query" and unit.inputs.sampler.name == "random",
    )
    states = {(run.method.name): set() for run in end.runs}
    for run in end.runs:
        states[run.method.name].add(run.state)
    assert states == {
        "random": {State.FAILED},
        "margin": {State.FAILED},
        "qbc": {State.FAILED},
        "typical": {State.DONE},
    }
    failed = next(run for run in end.runs if run.method.name == "margin")
    unit = failed.steps[FIRST_QUERY].unit
    assert end.place_of(unit) == "scenario 'blobs', model 'mlp', method 'random', cycle 0"


def test_runs_that_stop_in_cycle_0_have_chosen(cold, world):
    bench = cold(("random", "typical"), stop_at_accuracy=0.01)
    end = world(bench).finish(bench)
    assert {run.state for run in end.runs} == {State.DONE}
    assert min(run.last for run in end.runs) == 0

"""Committees: further trials for the methods that declare them, and for nobody else."""

from collections import Counter
from dataclasses import replace

import pytest

from alharness.protocol.planning.run import Slot, State
from alharness.protocol.planning.survey import survey
from alharness.protocol.planning.tally import Group, Tally, overall, tallies

MEMBERS = {"qbc": 3, "jury": 2}


def committee(state, method):
    """Units of a method's committees, by place and slot."""
    return {
        (run.place, slot): step.unit
        for run in state.runs
        if run.method.name == method
        for slot, step in run.steps.items()
        if slot.kind == "committee" and step.unit is not None
    }


@pytest.fixture
def bench(make_bench):
    return make_bench(("random", "qbc", "jury"), trials=3, committees=MEMBERS)


@pytest.fixture
def end(bench, world):
    return world(bench).finish(bench)


def test_members_train_as_the_chosen_model_did_but_for_their_seed(end):
    """Published trap 20."""
    for run in end.runs:
        members = committee(end, run.method.name)
        for (place, slot), member in members.items():
            if place == run.place:
                chosen = run.chosen[slot.cycle].inputs
                seed = replace(chosen.seed, purpose="committee", number=slot.number)
                assert member.inputs == chosen.model_copy(update={"seed": seed})


def test_each_querying_cycle_has_one_committee(end, bench):
    cycles = len(bench.conditions[0].sizes)
    assert not committee(end, "random")
    for method, size in MEMBERS.items():
        slots = Counter((place, slot.cycle) for place, slot in committee(end, method))
        assert slots == {
            (run.place, cycle): size
            for run in end.runs
            if run.method.name == method
            for cycle in range(cycles - 1)
        }


def test_methods_share_the_members_of_cycle_0(end):
    first = {
        method: {unit.key for (_, slot), unit in committee(end, method).items() if slot.cycle == 0}
        for method in MEMBERS
    }
    assert first["jury"] < first["qbc"]
    assert tallies(end)[Group("blobs", "jury", 0, "committee")].shared == len(first["jury"])


def test_the_plan_knows_their_number_from_the_start(end, bench, world):
    before = overall(survey(bench, world(bench)))
    assert before.total == overall(end).total
    assert overall(end) == Tally(done=before.total)


def test_a_query_reads_the_members_and_waits_for_them(end, bench, world):
    for run in end.runs:
        for cycle in range(len(run.condition.sizes) - 1):
            query = run.steps[Slot(cycle, "query", 0)].unit
            members = committee(end, run.method.name)
            assert query.inputs.committee == tuple(
                members[run.place, Slot(cycle, "committee", number)].key
                for number in range(run.method.needs.committee)
            )


def test_a_member_whose_weights_are_gone_is_trained_again(bench, world):
    one = world(bench)
    target = None
    for _ in range(100):
        state = survey(bench, one)
        ready = state.ready()
        queries = [unit for unit in ready if unit.kind == "query" and unit.inputs.committee]
        if queries and target is None:
            target = queries[0].inputs.committee[0]
            one.checkpoints.discard(target)
            again = survey(bench, one).ready()
            assert target in {unit.key for unit in again}
            assert queries[0].key not in {unit.key for unit in again}
            break
        for unit in ready:
            one.compute(unit)
    assert target is not None


def test_weights_are_dropped_once_the_query_is_recorded(end, bench, world):
    one = world(bench)
    one.finish(bench)
    members = {unit.key for method in MEMBERS for unit in committee(end, method).values()}
    assert members
    assert not members & one.checkpoints


def test_a_failed_member_stops_its_own_runs_only(bench, world):
    one = world(bench)
    state = one.finish(
        bench, fails=lambda unit: unit.kind == "trial" and unit.inputs.seed.number == 2
        and unit.inputs.seed.purpose == "committee",
    )  # fmt: skip
    states = {run.method.name: set() for run in state.runs}
    for run in state.runs:
        states[run.method.name].add(run.state)
    assert states["random"] == states["jury"] == {State.DONE}
    # Seeds above 0 wait for a tuning that never comes.
    assert State.FAILED in states["qbc"]
    assert State.DONE not in states["qbc"]


def test_no_other_method_trains_anything_else_for_it(make_bench, world, end):
    """Published trap 6: a condition that is always true gave every baseline one method's extras."""
    alone = make_bench(("random",), trials=3)
    (by_itself, beside) = (
        {run.place: run for run in state.runs if run.method.name == "random"}
        for state in (world(alone).finish(alone), end)
    )
    for place, run in by_itself.items():
        assert run.steps == beside[place].steps

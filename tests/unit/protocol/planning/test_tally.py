"""Counting, against a count by hand of what was recorded and what the protocol's sizes say."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alharness.protocol.planning.entries import entries, unique
from alharness.protocol.planning.run import State
from alharness.protocol.planning.survey import Planner, next_units, survey
from alharness.protocol.planning.tally import (
    Estimate,
    Tally,
    estimate,
    overall,
    tallies,
    trainings,
)

SETS, SEEDS, METHODS, CYCLES, TRIALS = 2, 2, 2, 3, 2
RUNS = SETS * SEEDS
PLANNED = {
    "trial": (SETS * TRIALS + RUNS - SETS) * (1 + METHODS * (CYCLES - 1)),
    "evaluation": RUNS * (1 + METHODS * (CYCLES - 1)),
    "query": RUNS * METHODS * (CYCLES - 1),
    "annotation": RUNS * METHODS * (CYCLES - 1),
}
"""Units of the bench by kind: cycle 0 is shared, the last cycle does not query."""

SHARED = {"trial": SETS * TRIALS + RUNS - SETS, "evaluation": RUNS}


@pytest.fixture
def bench(make_bench):
    return make_bench(initial_sets=SETS, seeds=SEEDS, trials=TRIALS)


@pytest.fixture
def somewhere(bench, world):
    """A bench after some units, in some order: its world, survey and failed keys."""

    def at(random, n_steps, chance_to_fail):
        one, failed = world(bench), frozenset()
        planner = Planner(bench, one)
        state = planner.survey()
        for _ in range(n_steps):
            if not state.ready():
                break
            unit = random.choice(state.ready())
            if random.random() < chance_to_fail:
                failed |= {unit.key}
            else:
                one.compute(unit)
            state = planner.resurvey({unit.key}, failed)
        return one, state, failed

    return at


def by_kind(numbers, what):
    """The sum of a number over groups, by kind of unit."""
    found = Counter()
    for group, tally in numbers.items():
        found[group.kind] += getattr(tally, what)
    return found


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    random=st.randoms(use_true_random=False),
    n_steps=st.integers(0, 60),
    chance=st.sampled_from([0, 0.1]),
)
def test_numbers_are_those_of_a_count_by_hand(bench, somewhere, random, n_steps, chance):
    one, state, failed = somewhere(random, n_steps, chance)
    numbers, whole = tallies(state), overall(state)
    assert whole.total == sum(PLANNED.values())
    assert (whole.done, whole.failed) == (len(one.records), len(failed))
    assert whole.ready == len(next_units(bench, one, failed))
    assert whole.shared == 0
    for method in ("random", "margin"):
        mine = {group: tally for group, tally in numbers.items() if group.method == method}
        totals = by_kind(mine, "total")
        own = {kind: SHARED.get(kind, 0) for kind in PLANNED}
        assert totals == {
            kind: own[kind] + (n - own[kind]) // METHODS for kind, n in PLANNED.items()
        }
        assert +by_kind(mine, "shared") == SHARED
        assert all(tally.shared == 0 for group, tally in mine.items() if group.cycle > 0)
    done = Counter(unit.kind for unit in one.units.values())
    twice = {
        kind: sum(tally.done for at, tally in numbers.items() if (at.kind, at.cycle) == (kind, 0))
        for kind in SHARED
    }
    assert +by_kind(numbers, "done") == +Counter(
        {kind: done[kind] + twice.get(kind, 0) // METHODS for kind in PLANNED}
    )


def test_entries_come_once_per_run_and_unique_ones_once(bench, world):
    end = world(bench).finish(bench)
    every = list(entries(end.runs))
    assert len(every) == sum(len(run.steps) for run in end.runs)
    assert all(entry.run.steps[entry.slot] is entry.step for entry in every)
    keys = Counter(entry.step.unit.key for entry in every)
    assert set(keys.values()) == {1, METHODS}
    assert sum(n > 1 for n in keys.values()) == sum(SHARED.values())
    assert list(unique(end.runs)) == list(keys)


def test_a_unit_that_is_not_known_yet_is_as_many_as_it_will_be(bench, world):
    """Before anything is recorded most units have no key, and their number is right already."""
    before = survey(bench, world(bench))
    assert sum(entry.step.unit is None for entry in before.units.values()) > 30
    assert Counter(entry.slot.kind for entry in before.units.values()) == PLANNED


def test_what_failed_or_is_blocked_takes_no_time(bench, world):
    one = world(bench)
    one.finish(bench, fails=lambda unit: unit.kind == "query")
    state = survey(bench, one, {unit.key for unit in next_units(bench, one)})
    assert {step.state for run in state.runs for step in run.steps.values()} == {
        State.DONE,
        State.FAILED,
        State.BLOCKED,
    }
    assert estimate(state, lambda unit: 100.0) == Estimate(0.0)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(random=st.randoms(use_true_random=False), n_steps=st.integers(0, 80))
def test_an_estimate_is_between_the_fastest_and_the_slowest(bench, somewhere, random, n_steps):
    """No unit is scaled by more than the labeled sets are: 6, 12 and 18 images."""
    one, state, _ = somewhere(random, n_steps, 0)
    seconds = {key: random.uniform(1, 10) for key in one.units}
    left = estimate(state, lambda unit: seconds[unit.key])
    done = Counter(unit.kind for unit in one.units.values())
    measured = {kind for kind in PLANNED if done[kind]}
    if left is None:
        assert not measured
        return
    assert {one.kind for one in left.uncounted} == set(PLANNED) - measured
    to_do = sum(PLANNED[kind] - done[kind] for kind in measured)
    assert to_do * 1 / 3 <= left.seconds <= to_do * 10 * 3


def test_committees_and_trials_stand_for_each_other(make_bench, world):
    """Both train. The first trial of a bench gives an estimate of all trainings."""
    bench = make_bench(("qbc",), initial_sets=1, seeds=1)
    one = world(bench)
    one.compute(next_units(bench, one)[0])
    state = survey(bench, one)
    left = estimate(state, lambda unit: 1.0)
    assert {kind for _, kind in left.uncounted} == {"evaluation", "query", "annotation"}
    assert trainings(state).total == sum(
        entry.slot.kind in ("trial", "committee") for entry in state.units.values()
    )


def test_no_units_are_none():
    assert Tally().total == 0
    assert Tally(1, 2, 3, 4, 5, shared=100).total == 15

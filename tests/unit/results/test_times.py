"""Times of queries and trainings, added up again from what each unit took."""

from statistics import median

import pytest

from alharness.protocol.machine import Machine
from alharness.results.collect import collect
from alharness.results.times import Took, by_machine

OLD = Machine("an old one", "AVX2", "cpu")
GPU = Machine("a new one", "AVX512", "a GPU")


def table(times):
    return [
        (
            one.machine and one.machine.processor,
            [(of.n, of.median, of.total) for of in one.queries],
            one.trainings,
            one.training_seconds,
        )
        for one in times
    ]


def test_units_by_machine_and_cycle():
    took = [
        Took(OLD, 0, 3.0), Took(OLD, 0, 1.0), Took(OLD, 0, 1.5), Took(OLD, 1, 0.1),
        Took(OLD, 1, 0.2), Took(None, None, 4.0), Took(GPU, None, 0.25), Took(GPU, None, 0.5),
        Took(OLD, None, 7.0),
    ]  # fmt: skip
    found = by_machine("margin", 4, took)
    assert {one.method for one in found} == {"margin"}
    none = (0, None, 0.0)
    assert table(found) == [
        ("a new one", [none, none, none], 2, 0.75),
        ("an old one", [(3, 1.5, 5.5), (2, 0.15, 0.3), none], 1, 7.0),
        (None, [none, none, none], 1, 4.0),
    ]
    assert by_machine("margin", 4, reversed(took)) == found
    assert by_machine("margin", 4, []) == ()


def test_times_of_a_bench(bench, world):
    one = world(bench)
    end = one.finish(bench)
    for number, key in enumerate(sorted(one.units)):
        one.took[key] = None if number % 11 == 0 else round(0.001 * (number % 37) + 0.01, 6)
        one.machines[key] = (OLD, GPU, None)[number % 3]
    (scenario,) = collect(bench, end, one, []).scenarios
    assert {time.method for time in scenario.times} == {"random", "margin"}
    for time in scenario.times:
        machine = None if time.machine is None else Machine(**time.machine.model_dump())
        runs = [run for run in end.runs if run.method.label == time.method]
        own = {step.unit.key for run in runs for step in run.steps.values()}
        here = {key for key in own if one.machines[key] == machine and one.took[key] is not None}
        for cycle, queries in enumerate(time.queries):
            took = [
                one.took[key]
                for key in here
                if one.units[key].kind == "query" and one.units[key].inputs.seed.cycle == cycle
            ]
            assert queries.n == len(took) > 0
            assert queries.median == pytest.approx(median(took))
            assert queries.total == pytest.approx(sum(took))
        trained = [one.took[key] for key in here if one.units[key].kind == "trial"]
        assert time.trainings == len(trained) > 0
        assert time.training_seconds == pytest.approx(sum(trained))


def test_members_of_a_committee_are_trainings(make_bench, world):
    methods, sizes = ("random", "qbc"), {"qbc": 3}
    bench = make_bench(methods, initial_sets=1, seeds=1, scope="fixed", committees=sizes)
    one = world(bench)
    (scenario,) = collect(bench, one.finish(bench), one, []).scenarios
    assert [(time.trainings, time.training_seconds) for time in scenario.times] == [
        (3, 3.0),
        (9, 9.0),
    ]


def test_nothing_took_no_time(empty):
    assert empty.scenarios[0].times == ()

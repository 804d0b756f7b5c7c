"""Features are units: shared by all that read them, awaited, computed again when they are lost."""

from dataclasses import replace

import pytest

from alharness.protocol.components import Component
from alharness.protocol.planning.run import Slot, State
from alharness.protocol.planning.survey import survey
from alharness.protocol.planning.tally import overall


def representation(name, **parameters):
    return Component(
        "representation", name, parameters, f"source of {name}", name, "(test)", "1", name
    )


PIXELS, OTHER = representation("pixels"), representation("other")


@pytest.fixture
def bench(make_bench):
    """Trained on features; ``margin`` asks for others by name, ``same`` for those by name."""
    return make_bench(
        ("random", "margin", "same"),
        representation=PIXELS,
        asks={"margin": OTHER, "same": PIXELS},
        seeds=1,
    )


def of_kind(world, kind):
    return [unit for unit in world.units.values() if unit.kind == kind]


def test_all_runs_methods_and_initial_sets_share_them(bench, world):
    there = world(bench)
    state = there.finish(bench)
    assert {run.state for run in state.runs} == {State.DONE}
    inputs = [unit.inputs for unit in of_kind(there, "representation")]
    assert sorted((one.representation.name, one.part) for one in inputs) == [
        ("other", "train"),
        ("pixels", "test"),
        ("pixels", "train"),
    ]
    pixels = {one.part: one.key() for one in inputs if one.representation.name == "pixels"}
    (own,) = (one.key() for one in inputs if one.representation.name == "other")
    assert {unit.inputs.network.features for unit in of_kind(there, "trial")} == {pixels["train"]}
    for unit in of_kind(there, "evaluation"):
        assert set(unit.inputs.reads().features) == {pixels["test"]}
    asked = {unit.inputs.sampler.name: unit.inputs.own_features for unit in of_kind(there, "query")}
    assert asked == {"random": None, "margin": own, "same": pixels["train"]}


def test_an_image_scenario_computes_only_what_a_method_asks_for(make_bench, world):
    bench = make_bench(("random", "margin"), asks={"margin": OTHER})
    there = world(bench)
    there.finish(bench)
    (unit,) = of_kind(there, "representation")
    assert (unit.inputs.part, unit.inputs.representation.name) == ("train", "other")
    assert all(trial.inputs.network.features is None for trial in of_kind(there, "trial"))


def test_trials_wait_for_them(bench, world):
    there = world(bench)
    state = survey(bench, there)
    assert {unit.kind for unit in state.ready()} == {"representation"}
    assert len(state.ready()) == 3
    trial = state.runs[0].steps[Slot(0, "trial", 0)]
    assert trial.state is State.WAITING
    training = next(
        unit for unit in state.ready() if unit.key == trial.unit.inputs.network.features
    )
    there.compute(training)
    ready = {unit.kind for unit in survey(bench, there).ready()}
    assert ready == {"trial", "representation"}


@pytest.mark.parametrize("part", ["train", "test"])
def test_failed_ones_block_what_reads_them(bench, world, part):
    def fails(unit):
        inputs = unit.inputs
        return unit.kind == "representation" and (
            (inputs.representation.name, inputs.part) == ("pixels", part)
        )

    there = world(bench)
    state = there.finish(bench, fails=fails)
    assert {run.state for run in state.runs} == {State.FAILED}
    kinds = {unit.kind for unit in there.units.values()}
    assert "trial" not in kinds if part == "train" else "evaluation" not in kinds
    assert kinds >= {"representation"}


def test_a_failed_one_stops_only_the_method_that_asks_for_it(bench, world):
    there = world(bench)
    state = there.finish(
        bench,
        fails=lambda unit: (
            unit.kind == "representation" and unit.inputs.representation.name == "other"
        ),
    )
    found = {run.method.name: run.state for run in state.runs}
    assert found == {"random": State.DONE, "same": State.DONE, "margin": State.FAILED}


def test_lost_ones_are_computed_again_only_where_something_left_to_do_reads_them(
    make_bench, bench, world
):
    there = world(bench)
    there.finish(bench)
    there.features.clear()
    state = survey(bench, there)
    assert state.ready() == ()
    assert {run.state for run in state.runs} == {State.DONE}
    # Another method in the same world: its queries read the training features, no test features
    # are read before it is measured.
    longer = make_bench(
        ("random", "margin", "same", "entropy"),
        representation=PIXELS,
        asks={"margin": OTHER, "same": PIXELS},
        seeds=1,
    )
    state = survey(longer, there)
    (first,) = state.ready()
    assert (first.kind, first.inputs.part) == ("representation", "train")
    recorded = dict(there.records)
    state = there.finish(longer)
    assert {run.state for run in state.runs} == {State.DONE}
    inputs = [there.units[key].inputs for key in there.features]
    again = {(one.representation.name, one.part) for one in inputs}
    assert again == {("pixels", "train"), ("pixels", "test")}
    assert all(there.records[key] == value for key, value in recorded.items())


def test_lost_ones_of_a_method_are_not_computed_for_another(bench, world):
    there = world(bench)
    there.finish(bench, choose=lambda ready: ready[:1], fails=lambda unit: unit.kind == "query")
    own = {
        unit.key
        for unit in of_kind(there, "representation")
        if unit.inputs.representation.name == "other"
    }
    there.features -= own
    ready = survey(bench, there).ready()
    assert {unit.kind for unit in ready} == {"query", "representation"}
    assert {unit.key for unit in ready if unit.kind == "representation"} == own
    # Only the query of the method that asks waits for them.
    assert {unit.inputs.sampler.name for unit in ready if unit.kind == "query"} == {
        "random",
        "same",
    }


def test_the_plan_counts_each_once_from_the_start(bench, make_bench, world):
    there = world(bench)
    state = survey(bench, there)
    planned = overall(state)
    there.finish(bench)
    assert sum(vars(planned).values()) == len(there.units)
    unprepared = replace(
        bench, conditions=tuple(replace(one, prepared=None, starts=()) for one in bench.conditions)
    )
    entries = survey(unprepared, world(bench)).units.values()
    assert [one.slot.kind for one in entries].count("representation") == 3


def test_nothing_of_them_is_dropped(bench, world):
    there = world(bench)
    there.finish(bench)
    assert not survey(bench, there).droppable & there.features

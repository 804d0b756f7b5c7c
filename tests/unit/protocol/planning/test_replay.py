"""Transfer: runs that train on the labeled sets of another scenario's runs, and query nothing."""

from dataclasses import replace

import numpy as np
import pytest

from alharness.protocol.components import MethodNeeds, ModelTraits, Reference
from alharness.protocol.partition.sets import Added
from alharness.protocol.planning.run import Slot, State
from alharness.protocol.planning.survey import Planner, next_units, survey
from alharness.protocol.planning.tally import overall, tallies
from alharness.protocol.suite.reading import protocol_digest

METHODS = ("random", "margin", "qbc")


@pytest.fixture
def transfer(make_bench, replaying):
    """Three methods in ``blobs`` and, trained on its labeled sets, in ``target``."""

    def make(methods=METHODS, *, first=False, **changes):
        changes = {"committees": {"qbc": 2}, **changes}
        return replaying(make_bench(methods, **changes), first=first)

    return make


def runs_of(state, scenario):
    return {
        (run.method.name, run.place): run for run in state.runs if run.condition.name == scenario
    }


def kinds(run):
    return {slot.kind for slot in run.steps}


@pytest.mark.parametrize("scope", ["per-initial-set", "first-initial-set", "fixed"])
@pytest.mark.parametrize("first", [False, True])
def test_a_run_trains_on_exactly_the_sets_that_its_source_labeled(transfer, world, scope, first):
    bench = transfer(scope=scope, first=first)
    end = world(bench).finish(bench)
    assert {run.state for run in end.runs} == {State.DONE}
    sources, targets = runs_of(end, "blobs"), runs_of(end, "target")
    assert sources.keys() == targets.keys()
    for at, target in targets.items():
        source = sources[at]
        assert target.labeled == source.labeled
        assert len(target.labeled) == 3
        assert kinds(target) == {"trial", "evaluation"}
        assert "annotation" in kinds(source)
        for slot, step in target.steps.items():
            inputs, other = step.unit.inputs, source.steps[slot].unit.inputs
            if slot.kind == "trial":
                assert inputs.labeled == other.labeled
                assert inputs.validation == other.validation
                assert inputs.network.model.name == "other"
                assert inputs.seed.scenario == "target"
                place = (inputs.seed.initial_set, inputs.seed.seed)
                assert place == (other.seed.initial_set, other.seed.seed) == tuple(at[1])
    assert {run.name for run in targets.values()} == {
        f"target/{name}/{i}/{j}" for name in METHODS for i in range(2) for j in range(2)
    }


def test_the_target_tunes_by_itself(transfer, world):
    bench = transfer(("random",), trials=4)
    end = world(bench).finish(bench)
    sources, targets = runs_of(end, "blobs"), runs_of(end, "target")
    condition = targets["random", (0, 0)].condition
    for at, target in targets.items():
        for cycle, chosen in enumerate(target.chosen):
            values = chosen.inputs.hyperparameters
            assert values in bench.draws(condition, target.place.initial_set, cycle)
            assert values != sources[at].chosen[cycle].inputs.hyperparameters
            assert values == targets["random", (at[1][0], 0)].chosen[cycle].inputs.hyperparameters


def test_it_waits_for_its_source(transfer, world):
    bench = transfer()
    ready = next_units(bench, world(bench))
    assert {unit.inputs.seed.cycle for unit in ready} == {0}
    assert {unit.inputs.seed.scenario for unit in ready} == {"blobs", "target"}
    done = world(bench)

    def sources_come_last(ready):
        own = [one for one in ready if "target" in one.inputs.spelled()]
        return own or ready[:1]

    end = done.finish(bench, choose=sources_come_last)
    anyhow = world(bench)
    anyhow.finish(bench)
    assert done.records == anyhow.records
    assert {run.state for run in end.runs} == {State.DONE}


@pytest.mark.parametrize("first", [False, True])
def test_a_planner_that_walks_on_says_what_one_says_that_walks_anew(transfer, world, first):
    """From wherever the bench was left; and nothing is computed twice."""
    bench = transfer(("random", "margin"), first=first)
    whole, done = world(bench), world(bench)
    whole.finish(bench)
    rng = np.random.default_rng(0)
    planner = Planner(bench, done)
    state = planner.survey()
    while ready := state.ready():
        unit = ready[rng.integers(len(ready))]
        done.compute(unit)
        state = planner.resurvey({unit.key}, frozenset())
        anew = survey(bench, done)
        assert [one.key for one in anew.ready()] == [one.key for one in state.ready()]
        assert anew.droppable == state.droppable
        done.drop(state)
    assert done.records == whole.records


def test_of_the_weights_only_those_of_cycle_0_stay(transfer, world):
    bench = transfer()
    done = world(bench)
    end = done.finish(bench)
    assert done.checkpoints == {run.chosen[0].key for run in end.runs}


def test_what_a_plan_counts_before_it_is_known_is_what_there_is(transfer, world):
    bench = transfer()
    before, end = survey(bench, world(bench)), world(bench).finish(bench)
    assert overall(before).total == overall(end).total
    numbers = [
        {group: (one.total, one.shared) for group, one in tallies(state).items()}
        for state in (before, end)
    ]
    assert numbers[0] == numbers[1]
    asked = {group.kind for group in numbers[0] if group.scenario == "target"}
    assert asked == {"trial", "evaluation"}


def test_what_failed_in_the_source_blocks_what_replays_it(transfer, world):
    """Up to there it trains: a labeled set that is known is known."""
    bench = transfer()

    def fails(unit):
        return (
            unit.kind == "query"
            and (unit.inputs.sampler.name, unit.inputs.seed.cycle) == ("margin", 1)
            and (unit.inputs.seed.initial_set, unit.inputs.seed.seed) == (0, 1)
        )

    end = world(bench).finish(bench, fails=fails)
    blocked = [run for run in end.runs if run.state is State.BLOCKED]
    assert [run.name for run in blocked] == ["target/margin/0/1"]
    (run,) = blocked
    assert run.blocked_by == "blobs/margin/0/1, which it replays, did not go on"
    assert run.is_done(Slot(1, "evaluation", 0))
    assert {step.state for slot, step in run.steps.items() if slot.cycle == 2} == {State.BLOCKED}


def test_a_failed_tuning_of_the_source_blocks_all_seeds(transfer, world):
    bench = transfer(("random", "margin"))

    def fails(unit):
        seed = unit.inputs.seed if unit.kind == "trial" else None
        return seed is not None and (seed.scenario, seed.initial_set, seed.cycle) == ("blobs", 0, 1)

    end = world(bench).finish(bench, fails=fails)
    states = {run.name: run.state for run in end.runs if run.condition.name == "target"}
    for name, state in states.items():
        assert state is (State.BLOCKED if name.split("/")[2] == "0" else State.DONE)


def test_a_failure_of_the_target_leaves_its_source_alone(transfer, world):
    bench = transfer(("random",))
    end = world(bench).finish(
        bench, fails=lambda unit: unit.kind == "trial" and unit.inputs.seed.scenario == "target"
    )
    assert {run.state for run in runs_of(end, "blobs").values()} == {State.DONE}
    assert {run.state for run in runs_of(end, "target").values()} == {
        State.FAILED,
        State.BLOCKED,
    }


def test_an_extension_is_the_sources_alone(transfer, world):
    """A sampler that trains along with its task model is replayed under a plain one."""
    bench = transfer(("random", "margin"))
    random, margin = bench.methods
    along = replace(margin, needs=MethodNeeds(extension=True))
    bench = replace(bench, methods=(random, along))
    end = world(bench).finish(bench)
    for (name, _), run in runs_of(end, "blobs").items():
        extension = run.steps[Slot(0, "trial", 0)].unit.inputs.extension
        assert (extension is not None) == (name == "margin")
    targets = runs_of(end, "target")
    for (_, place), run in targets.items():
        trials = [step.unit for slot, step in run.steps.items() if slot.kind == "trial"]
        assert {unit.inputs.extension for unit in trials} == {None}
        alike = targets["random", place].steps[Slot(0, "trial", 0)].unit
        assert run.steps[Slot(0, "trial", 0)].unit.key == alike.key
        assert run.labeled == runs_of(end, "blobs")[run.method.name, place].labeled


def test_chosen_first_sets_are_replayed_too(make_bench, replaying, world):
    bench = replaying(
        make_bench(
            ("random", "typical", "margin"),
            protocol={"initial_draw": "chosen"},
            training={"normalize": False},
            choosers=("random", "typical"),
        )
    )
    before, end = survey(bench, world(bench)), world(bench).finish(bench)
    assert {run.state for run in end.runs} == {State.DONE}
    assert overall(before).total == overall(end).total
    for at, run in runs_of(end, "target").items():
        assert run.labeled == runs_of(end, "blobs")[at].labeled
        assert kinds(run) == {"trial", "evaluation"}


def test_labels_that_do_not_stay_are_replayed_as_they_were(transfer, world):
    class Mistaken(world):
        def given(self, indices):
            return (self.labels[indices] + 1) % 3

    bench = transfer(("random",), labels_stay=False)
    end = Mistaken(bench).finish(bench)
    for at, run in runs_of(end, "target").items():
        assert run.labeled == runs_of(end, "blobs")[at].labeled
        digests = [labeled.digests for labeled in run.labeled]
        assert digests[1][1] != digests[2][1]


def test_what_a_method_lacks_it_lacks_where_it_is_asked(transfer):
    bench = transfer(("random", "bald"))
    random, bald = bench.methods
    blobs, target = bench.conditions

    def with_dropout(source, own):
        conditions = [
            replace(one, model=replace(one.model, traits=ModelTraits(has_dropout=has)))
            for one, has in ((blobs, source), (target, own))
        ]
        needing = replace(bald, needs=MethodNeeds(dropout=True))
        return replace(bench, methods=(random, needing), conditions=tuple(conditions))

    assert with_dropout(True, False).not_applicable == {}
    assert with_dropout(False, True).not_applicable == {
        ("blobs", "bald"): "no dropout: mlp has none",
        ("target", "bald"): "no dropout: mlp has none, in blobs, which it replays",
    }


def test_under_looks_the_source_has_the_seeds_that_the_target_asks_for(
    make_bench, replaying, world
):
    """Its own look stops it, and what replays it is left open."""

    class Rigged(world):
        luck = 0

        def _answer(self, unit):
            if unit.kind != "evaluation":
                return super()._answer(unit)
            trial = self.units[unit.inputs.trial]
            added = [part for part in trial.sets if isinstance(part, Added)]
            method = self.units[added[0].query].inputs.sampler.name if added else "random"
            gain = 0.3 if trial.inputs.seed.scenario == "blobs" else 0.008
            noise = np.random.default_rng([self.luck, int(unit.key[:16], 16)]).standard_normal()
            return {"test_accuracy": 0.5 + gain * (method == "margin") + 0.01 * noise}

    bench = make_bench(("random", "margin"), initial_sets=4, seeds=5, scope="fixed")
    alone = replace(bench, looked_at=frozenset({"random", "margin"}))
    bench = replace(replaying(bench), looked_at=alone.looked_at)
    for luck in range(20):
        done = Rigged(bench)
        done.luck = luck
        end = done.finish(bench)
        assert {run.state for run in end.runs} == {State.DONE}
        blobs, target = (
            {(name, place.seed) for name, place in runs_of(end, scenario)}
            for scenario in ("blobs", "target")
        )
        assert blobs == target
        if len(target) == 10:
            by_itself = {run.place.seed for run in done.finish(alone).runs}
            assert by_itself == {0, 1}
            return
    raise AssertionError("nothing was left open in twenty benches")


def test_what_is_replayed_is_part_of_the_protocol(transfer, make_bench, replaying):
    bench, other = transfer(), replaying(make_bench(METHODS), first=True)
    digests = {one.name: protocol_digest(bench.suite, one.scenario) for one in bench.conditions}
    assert len(set(digests.values())) == 2
    assert digests["blobs"] == protocol_digest(
        make_bench(METHODS).suite, make_bench(METHODS).suite.scenarios[0]
    )
    assert protocol_digest(other.suite, other.suite.scenarios[0]) == digests["target"]
    source, target = bench.suite.scenarios
    other_loss = source.model_copy(update={"loss": Reference("other-loss")})
    changed = bench.suite.model_copy(update={"scenarios": (other_loss, target)})
    assert protocol_digest(changed, changed.scenarios[1]) != digests["target"]

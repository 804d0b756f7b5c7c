"""Looks: further seeds are run while a method's looks leave it open, and decide nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from alharness.protocol.partition.sets import Added
from alharness.protocol.planning.run import Slot, State
from alharness.protocol.planning.survey import next_units, survey
from alharness.statistics import endpoint, looks_taken

METHODS = ("random", "margin", "coreset")
INITIAL_SETS = 4


@pytest.fixture
def looked(make_bench):
    """A bench of four initial sets and five seeds; ``looked(labels)`` looks at these methods."""

    def make(looked_at=METHODS):
        bench = make_bench(METHODS, initial_sets=INITIAL_SETS, seeds=5, scope="fixed")
        return replace(bench, looked_at=frozenset(looked_at))

    return make


@pytest.fixture
def rigged(world):
    """A world in which methods are better than random by so much, with noise of a hundredth."""

    class Rigged(world):
        def __init__(self, bench, seed=0, **gains):
            super().__init__(bench)
            self.seed, self.gains = seed, gains

        def _answer(self, unit):
            if unit.kind != "evaluation":
                return super()._answer(unit)
            added = [p for p in self.units[unit.inputs.trial].sets if isinstance(p, Added)]
            method = self.units[added[0].query].inputs.sampler.name if added else "random"
            noise = np.random.default_rng([self.seed, int(unit.key[:16], 16)]).standard_normal()
            return {"test_accuracy": 0.5 + self.gains.get(method, 0.0) + 0.01 * noise}

    return Rigged


def seeds(state, method):
    """The seeds that were run of a method; the same for every initial set."""
    run = {
        number: {run.place.seed for run in state.runs
                 if (run.method.label, run.place.initial_set) == (method, number)}
        for number in range(INITIAL_SETS)
    }  # fmt: skip
    assert all(one == run[0] for one in run.values())
    assert run[0] == set(range(len(run[0])))
    return len(run[0])


def endpoints(bench, ledger, method):
    """By hand: the area under the curve of each run, from what is recorded."""
    values = np.full((INITIAL_SETS, 5, 2), np.nan)
    for run in survey(replace(bench, looked_at=frozenset()), ledger).runs:
        if run.method.label == method:
            for cycle in (1, 2):
                step = run.steps[Slot(cycle, "evaluation", 0)]
                if step.state is State.DONE:
                    values[(*run.place, cycle - 1)] = ledger.result(step.unit)["test_accuracy"]
    return endpoint(values, (12, 18))


def test_without_looks_every_seed_is_run(looked, rigged):
    bench = looked(())
    assert [seeds(rigged(bench, margin=1).finish(bench), one) for one in METHODS] == [5, 5, 5]


def test_a_clear_winner_stops_at_the_first_look(looked, rigged):
    """And so does the reference, once nobody is compared with it any more."""
    bench = looked()
    end = rigged(bench, margin=0.3, coreset=-0.3).finish(bench)
    assert [seeds(end, one) for one in METHODS] == [2, 2, 2]
    assert {run.state for run in end.runs} == {State.DONE}


def test_the_reference_goes_as_far_as_any_method(looked, rigged):
    bench = looked()
    for seed in range(20):
        end = rigged(bench, seed, margin=0.3, coreset=0.008).finish(bench)
        ran = [seeds(end, one) for one in METHODS]
        assert ran[0] == max(ran[1:])
        assert ran[1] == 2
        if ran[2] == 5:
            return
    raise AssertionError("nothing was left open in twenty benches")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("gain", [0, 0.01, 0.02])
def test_what_was_run_is_what_the_looks_asked_for(looked, rigged, seed, gain):
    """Against the statistics' own walk over the recorded endpoints of a whole bench."""
    bench = looked()
    ledger = rigged(bench, seed, margin=gain)
    ran = {one: seeds(ledger.finish(bench), one) for one in METHODS}
    whole = rigged(bench, seed, margin=gain)
    whole.finish(looked(()))
    for method in METHODS[1:]:
        ours, theirs = (endpoints(bench, whole, one) for one in (method, "random"))
        assert ran[method] == looks_taken(ours, theirs)[-1].look.seeds


def test_the_order_in_which_units_finish_decides_nothing(looked, rigged):
    bench = looked()
    rng = np.random.default_rng(0)
    in_order, shuffled = rigged(bench, 3, coreset=0.01), rigged(bench, 3, coreset=0.01)
    in_order.finish(bench)
    shuffled.finish(bench, choose=lambda ready: list(rng.permutation(ready)[:9]))
    assert in_order.records == shuffled.records


def test_resuming_asks_for_nothing_more(looked, rigged):
    bench = looked()
    ledger = rigged(bench, 3, margin=0.3, coreset=0.01)
    end = ledger.finish(bench)
    assert next_units(bench, ledger) == ()
    again = survey(bench, ledger)
    assert [run.name for run in again.runs] == [run.name for run in end.runs]


def test_what_is_not_looked_at_is_run_in_full(looked, rigged):
    bench = looked(("margin",))
    end = rigged(bench, margin=0.3, coreset=0.3).finish(bench)
    assert [seeds(end, one) for one in METHODS] == [5, 2, 5]


def test_a_look_waits_for_every_run_that_can_still_end(looked, rigged):
    """A failed run does not hold it up: it is missing for good."""
    bench = looked()
    ledger = rigged(bench, margin=0.3, coreset=-0.3)
    sabotaged = survey(bench, ledger).runs[0]

    def fails(unit):
        place = (unit.inputs.seed.initial_set, unit.inputs.seed.seed) if unit.kind == "query" else 0
        return place == tuple(sabotaged.place) and unit.inputs.sampler.name == "margin"

    end = ledger.finish(bench, fails=fails)
    assert [seeds(end, one) for one in METHODS] == [2, 2, 2]
    assert [run.state for run in end.runs].count(State.FAILED) == 1


def test_a_failed_evaluation_is_missing_for_good_too(looked, rigged):
    """It stops no run, and so no look may wait for it."""
    bench = looked()
    ledger = rigged(bench, margin=0.3, coreset=0.008)
    failing = []

    def fails(unit):
        if unit.kind == "evaluation" and not failing:
            failing.append(unit)
        return unit in failing

    end = ledger.finish(bench, fails=fails)
    assert State.FAILED in {run.state for run in end.runs}
    whole = rigged(bench, margin=0.3, coreset=0.008)
    assert seeds(end, "coreset") >= seeds(whole.finish(bench), "margin") == 2
    assert all(not run.ready for run in end.runs)
    for method in METHODS[1:]:
        ours, theirs = (endpoints(bench, ledger, one) for one in (method, "random"))
        ran = seeds(end, method)
        assert looks_taken(ours[:, :ran], theirs[:, :ran])[-1].stop is not None

"""Documents of benches whose initial sets samplers chose."""

from functools import reduce
from itertools import combinations

import numpy as np
import pytest

from alharness.leaderboard import wording
from alharness.protocol.planning.run import Slot
from alharness.results.analysis import analyse
from alharness.results.collect import collect
from alharness.results.document import Document, numbers
from alharness.results.reading import from_json
from alharness.results.samples import samples_of
from alharness.statistics import Verdict, compare, endpoint

METHODS = ("random", "typical", "margin")


@pytest.fixture
def cold(make_bench):
    return make_bench(
        METHODS,
        scope="fixed",
        initial_sets=4,
        seeds=2,
        protocol={"initial_draw": "chosen"},
        training={"normalize": False},
        choosers=("random", "typical"),
    )


@pytest.fixture
def stubborn(world, cold):
    """Makes a world in which a sampler chooses the same first sets, whatever its pool."""
    starts = cold.conditions[0].starts
    taken = (np.union1d(one.validation.indices, one.left_out.indices) for one in starts)
    common = np.setdiff1d(np.arange(60), reduce(np.union1d, taken))

    class Stubborn(world):
        chooser = "typical"

        def _answer(self, unit):
            first = unit.kind == "query" and unit.inputs.trial is None
            if first and unit.inputs.sampler.name == self.chooser:
                return {"indices": common[: unit.inputs.budget].tolist()}
            return super()._answer(unit)

    assert len(common) >= cold.conditions[0].sizes[0]
    return Stubborn


def finished(bench, done) -> tuple[Document, object]:
    end = done.finish(bench)
    return collect(bench, end, done, []), end


def test_who_chose_and_how_much_the_sets_differ(cold, world):
    done = world(cold)
    document, end = finished(cold, done)
    (scenario,) = document.scenarios
    told = {one.method: one for one in scenario.first_sets}
    assert {one.method: one.chosen_by for one in told.values()} == {
        "random": "random",
        "typical": "typical",
        "margin": "random",
    }
    for method in METHODS:
        sets = {
            run.place: set(done.records[run.steps[Slot(0, "first-query", 0)].unit.key]["indices"])
            for run in end.runs
            if run.method.name == method
        }
        shares = [
            len(sets[one, seed] & sets[other, seed]) / len(sets[one, seed])
            for seed in range(2)
            for one, other in combinations(range(4), 2)
        ]
        assert told[method].overlap == round(float(np.mean(shares)), 4)
        assert not told[method].alike
    # All methods choose from the same pool; margin's first set is random's.
    assert scenario.overlap.first[0][2] == 1
    assert scenario.overlap.first[0][1] < 1
    assert from_json(document.to_json()) == document


def test_cycle_0_belongs_to_the_endpoint(cold, world):
    document, _ = finished(cold, world(cold))
    (scenario,) = document.scenarios
    found = document.findings["blobs"]
    values = {row.method: numbers(row.accuracy) for row in scenario.methods}
    ends = {name: endpoint(one, scenario.labels) for name, one in values.items()}
    for method in ("typical", "margin"):
        assert found.methods[method].verdict == compare(ends[method], ends["random"])
        assert len(found.methods[method].marks) == len(scenario.labels)
    assert list(found.paper_chain) == list(scenario.labels)
    (cost,) = set(numbers(scenario.methods[0].annotation_cost).ravel())
    assert cost == scenario.labels[-1]
    statistics = analyse(samples_of(scenario))
    assert statistics.budgets == statistics.labels == scenario.labels
    lines = wording.notes(scenario, found, 1)
    assert any("curve from cycle 0 on" in line for line in lines)
    assert any(line.startswith("Of margin they are those of random") for line in lines)
    assert any("|A∩B|/b: random 0." in line for line in lines)
    assert len(wording.header(scenario, found)) == len(wording.rows(scenario, found)[0])


def test_sets_that_are_all_the_same_are_not_testable(cold, stubborn):
    """Of one method: the others are tested as before, and its curve is shown."""
    document, _ = finished(cold, stubborn(cold))
    (scenario,) = document.scenarios
    told = {one.method: one for one in scenario.first_sets}
    assert (told["typical"].overlap, told["typical"].alike) == (1, True)
    found = document.findings["blobs"]
    typical, margin = found.methods["typical"], found.methods["margin"]
    assert typical.verdict.verdict is Verdict.NOT_TESTABLE
    assert typical.sentence == "not testable, since all its initial sets are the same"
    assert {mark.verdict for mark in typical.marks} == {Verdict.NOT_TESTABLE}
    assert typical.curve[0].mean is not None
    assert margin.verdict.verdict is not Verdict.NOT_TESTABLE
    assert found.family.methods == ("typical", "margin")
    statistics = analyse(samples_of(scenario))
    assert statistics.ranking.methods == ("random", "margin")
    assert statistics.methods["typical"].savings is None
    assert any("initial sets of typical are all the same" in line for line in statistics.notes)


def test_nothing_is_testable_against_a_reference_whose_sets_are_all_the_same(cold, stubborn):
    done = stubborn(cold)
    done.chooser = "random"
    document, _ = finished(cold, done)
    found = document.findings["blobs"]
    for method in ("typical", "margin"):
        one = found.methods[method]
        assert one.verdict.verdict is Verdict.NOT_TESTABLE
        assert one.sentence == "not testable, since all initial sets of random are the same"
    assert found.family is None
    assert found.paper_chain == {}


def test_one_initial_set_repeats_nothing_and_is_not_called_alike(make_bench, world):
    bench = make_bench(
        ("random",),
        scope="fixed",
        initial_sets=1,
        protocol={"initial_draw": "chosen"},
        training={"normalize": False},
        choosers=("random",),
    )
    document, _ = finished(bench, world(bench))
    (told,) = document.scenarios[0].first_sets
    assert (told.overlap, told.alike) == (None, False)


def test_drawn_sets_are_not_told_of(make_bench, world):
    bench = make_bench(scope="fixed")
    document, _ = finished(bench, world(bench))
    assert document.scenarios[0].first_sets is None
    assert document.scenarios[0].first_tested == 1

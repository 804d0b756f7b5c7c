"""What a document says of features: where the order of one part is not verifiable, none is."""

import pytest

from alharness.protocol.components import Component
from alharness.protocol.planning.survey import survey
from alharness.protocol.units.representation import BY_LABELS, COMPUTED, NOT_VERIFIABLE
from alharness.results.represented import representation
from alharness.results.setting import Probe

PIXELS = Component("representation", "pixels", {}, "s", "pixels", "(test)", "1", "pixels")
PROBE = {"accuracy": 0.5, "chance": 0.1, "n": 30}


@pytest.fixture
def told(make_bench, world):
    def tell(train, test):
        bench = make_bench(seeds=1, trials=1, representation=PIXELS, features="float16")
        there = world(bench)
        for run in survey(bench, there).ready():
            there.compute(run)
            order = train if run.inputs.part == "train" else test
            probe = PROBE if order == NOT_VERIFIABLE else None
            there.records[run.key] |= {"order": order, "probe": probe}
        runs = survey(bench, there).runs
        found = representation(bench.conditions[0], runs, there)
        assert (found.precision, found.width) == ("float16", 4)
        assert found.digest == bench.conditions[0].network.features
        return found.order, found.probe

    return tell


@pytest.mark.parametrize(
    ("train", "test", "order"),
    [
        (COMPUTED, COMPUTED, COMPUTED),
        (BY_LABELS, COMPUTED, BY_LABELS),
        (NOT_VERIFIABLE, BY_LABELS, NOT_VERIFIABLE),
        (BY_LABELS, NOT_VERIFIABLE, NOT_VERIFIABLE),
        (NOT_VERIFIABLE, NOT_VERIFIABLE, NOT_VERIFIABLE),
    ],
)
def test_the_order_of_both_parts_counts(told, train, test, order):
    probe = Probe(**PROBE) if order == NOT_VERIFIABLE else None
    assert told(train, test) == (order, probe)


def test_before_they_are_computed_nothing_is_known(make_bench, world):
    bench = make_bench(representation=PIXELS)
    there = world(bench)
    found = representation(bench.conditions[0], survey(bench, there).runs, there)
    assert (found.width, found.digest, found.order, found.probe) == (None,) * 4
    assert representation(make_bench().conditions[0], (), there) is None

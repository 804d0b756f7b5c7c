"""Before a dataset is prepared its runs are counted, and none of their units is known."""

import pytest

from alharness import DatasetShape, UsageError
from alharness.protocol.bench import Bench
from alharness.protocol.planning.run import State
from alharness.protocol.planning.survey import survey
from alharness.protocol.planning.tally import estimate, overall, tallies


@pytest.fixture
def without_data(prepared_as):
    """The same bench before its dataset is prepared."""
    return lambda bench, shape: Bench(bench.suite, bench.methods, (prepared_as(bench, shape),))


@pytest.mark.parametrize("shape", [DatasetShape(), DatasetShape(n_train=60)])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"scope": "fixed"},
        {"scope": "first-initial-set"},
        {"committees": {"margin": 2}},
        {"stop_at_accuracy": 0.9},
    ],
    ids=str,
)
def test_as_many_units_are_waiting_as_there_will_be(
    make_bench, world, without_data, settings, shape
):
    bench = make_bench(**settings)
    unprepared = survey(without_data(bench, shape), world(bench))
    prepared = survey(bench, world(bench))
    assert unprepared.ready() == ()
    assert unprepared.droppable == frozenset()
    steps = [step for run in unprepared.runs for step in run.steps.values()]
    assert {(step.state, step.unit) for step in steps} == {(State.WAITING, None)}
    assert overall(unprepared).total == overall(prepared).total
    totals = [
        {group: (tally.total, tally.shared) for group, tally in tallies(one).items()}
        for one in (unprepared, prepared)
    ]
    assert totals[0] == totals[1]
    assert estimate(unprepared, lambda unit: 1.0) is None


def test_declared_images_give_labels_per_cycle(make_bench, without_data):
    bench = make_bench()
    declared = without_data(bench, DatasetShape(n_train=60)).conditions[0]
    assert declared.sizes == bench.conditions[0].sizes
    undeclared = without_data(bench, DatasetShape(n_classes=3)).conditions[0]
    assert (undeclared.sizes, undeclared.cycles) == ((), 3)


def test_a_declared_number_that_does_not_fit_is_refused(make_bench, without_data):
    with pytest.raises(UsageError, match="initial set of 4 training images is empty"):
        without_data(make_bench(), DatasetShape(n_train=4))

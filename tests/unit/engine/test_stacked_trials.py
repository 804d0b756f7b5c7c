"""Trials on features that are computed together: each as alone, each with its own failure."""

import pytest

from alharness.protocol.planning.survey import next_units
from alharness.protocol.units import make_unit
from alharness.store.ledger import StoreLedger

ON_FEATURES = 'representation = "raw"\n'


@pytest.fixture
def on_features(workbench, tmp_path):
    """``on_features(name)``: a workbench in a folder of its own, and its trials, ready."""

    def new(name):
        bench = type(workbench)(tmp_path / name, workbench.registry, workbench.site.plugin_files)
        planned = bench.bench("watching", sets=3, scenario=ON_FEATURES)
        for unit in next_units(planned, StoreLedger(bench.workspace)):
            assert unit.kind == "representation"
            bench.execute(unit)
        trials = next_units(planned, StoreLedger(bench.workspace))
        assert {unit.kind for unit in trials} == {"trial"}
        assert len(trials) >= 3
        for unit in trials:
            assert unit.inputs.recipe.stacked
            bench.workspace.keep_sets(unit)
        return bench, trials

    return new


def records(bench, trials):
    return [bench.workspace.records.read("trial", unit.key) for unit in trials]


def test_together_they_leave_what_each_leaves_alone(on_features):
    """Weights, curves and results to the last bit: records name the digests of all of them."""
    together, trials = on_features("together")
    alone, _ = on_features("alone")
    assert together.engine.execute_stacked(trials) == [None] * len(trials)
    for unit in trials:
        alone.execute(unit)
    pairs = zip(records(together, trials), records(alone, trials), strict=True)
    assert all(one.digest == other.digest for one, other in pairs)
    assert len({one.result["checkpoint"] for one in records(together, trials)}) == len(trials)


def test_one_that_fails_keeps_no_other_from_its_record(on_features):
    """It says what it would say alone."""
    bench, (lost, unknown, *others) = on_features("here")
    inputs = unknown.inputs.model_copy(
        update={"hyperparameters": {**unknown.inputs.hyperparameters, "optimizer": "newton"}}
    )
    unknown = make_unit(inputs, unknown.sets)
    without = lost.inputs.model_copy(update={"labeled": ("0" * 32,)})
    lost = make_unit(without)
    errors = bench.engine.execute_stacked([lost, *others, unknown])
    assert errors[1:-1] == [None] * len(others)
    assert all(record is not None for record in records(bench, others))
    assert records(bench, [lost, unknown]) == [None, None]
    for unit, error in ((lost, errors[0]), (unknown, errors[-1])):
        with pytest.raises(type(error)) as alone:
            bench.engine.execute(unit)
        assert str(alone.value) == str(error)
        assert unit.key in str(error)


def test_of_the_time_each_has_an_equal_share(on_features):
    bench, trials = on_features("here")
    bench.engine.execute_stacked(trials)
    assert len({record.facts["seconds"] for record in records(bench, trials)}) == 1

"""What is recorded is in the document, at its place."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

import alharness
from alharness.protocol.keys import digest
from alharness.protocol.planning.survey import survey
from alharness.protocol.suite.reading import protocol_digest, suite_digest, suite_json
from alharness.results.collect import collect
from alharness.results.document import METRICS, numbers


def test_the_suite_and_what_it_stands_for(bench, finished):
    assert (finished.schema_version, finished.alharness) == (3, alharness.__version__)
    suite = finished.suite
    assert (suite.name, suite.version, suite.title) == ("tiny", 1, "Tiny")
    assert suite.digest == suite_digest(bench.suite) == digest(suite.declaration)
    assert suite.declaration == suite_json(bench.suite)
    (scenario,), (condition,) = finished.scenarios, bench.conditions
    assert scenario.scenario == "blobs"
    assert scenario.protocol_digest == protocol_digest(bench.suite, condition.scenario)
    assert (scenario.labels, scenario.n_train, scenario.n_validation) == ((6, 12, 18), 60, 6)
    assert (scenario.n_classes, scenario.reference) == (3, "random")
    assert (scenario.train_digest, scenario.test_digest) == ("train", "test")
    assert scenario.space == {
        "learning-rate": {"log": [0.001, 0.1]},
        "batch-size": [8],
        "optimizer": ["sgd"],
    }
    components = {one.kind: (one.name, one.source) for one in scenario.components}
    assert components == {
        "dataset": ("blobs", "source of blobs"),
        "model": ("mlp", "source of mlp"),
        "loss": ("cross-entropy", "source of cross-entropy"),
        "schedule": ("constant", "source of constant"),
        "oracle": ("perfect", "source of perfect"),
    }
    samplers = [one.sampler for one in scenario.methods]
    assert [(one.kind, one.name) for one in samplers] == [
        ("sampler", "random"),
        ("sampler", "margin"),
    ]


def test_results_are_at_their_place(bench, world):
    one = world(bench)
    end = one.finish(bench)
    (scenario,) = collect(bench, end, one, []).scenarios
    tests = {
        unit.inputs.trial: one.records[key]["test_accuracy"]
        for key, unit in one.units.items()
        if unit.kind == "evaluation"
    }
    for method in scenario.methods:
        accuracy = numbers(method.accuracy)
        assert accuracy.shape == (4, 2, 3)
        runs = {run.name: run for run in method.runs}
        for run in end.runs:
            if run.method.label != method.method:
                continue
            assert accuracy[run.place].tolist() == [tests[unit.key] for unit in run.chosen]
            written = runs[run.name]
            assert (written.initial_set, written.seed, written.state) == (*run.place, "done")
            assert [cycle.trial for cycle in written.cycles] == [unit.key for unit in run.chosen]
            assert [one.units[cycle.query].kind for cycle in written.cycles[:-1]] == ["query"] * 2
            assert written.cycles[-1].query is None
            for cycle in written.cycles:
                trial = one.units[cycle.trial]
                assert cycle.hyperparameters == trial.inputs.hyperparameters
        # The oracle asks 1 for a label: two queries of six.
        assert method.annotation_cost == ((12.0, 12.0),) * 4
    first, second = (numbers(method.accuracy) for method in scenario.methods)
    np.testing.assert_array_equal(first[..., 0], second[..., 0])


def test_what_was_spent(finished):
    """Published traps 18 and 19: validation labels and tuning cost something too."""
    (scenario,) = finished.scenarios
    assert scenario.n_validation == 6
    # 4 x 2 runs of three cycles; cycle 0 is one training for both methods.
    assert [method.trainings for method in scenario.methods] == [24, 24]
    assert scenario.shared_trainings == 8


def test_what_is_missing_is_none(bench, world, empty):
    for method in empty.scenarios[0].methods:
        assert np.isnan(numbers(method.accuracy)).all()
        assert all(run.cycles == () for run in method.runs)
        assert {run.state for run in method.runs} == {"waiting"}
    one = world(bench)

    def fails(unit):
        if unit.kind != "query":
            return False
        path = unit.inputs.seed
        return (path.initial_set, path.seed, path.cycle) == (2, 1, 0)

    document = collect(bench, one.finish(bench, fails=fails), one, ["broke", "broke"])
    assert document.failures == ("broke", "broke")
    for method in document.scenarios[0].methods:
        missing = np.argwhere(np.isnan(numbers(method.accuracy))).tolist()
        assert missing == [[2, 1, 1], [2, 1, 2]]
        (failed,) = [run for run in method.runs if run.state != "done"]
        assert (failed.initial_set, failed.seed) == (2, 1)
        assert [cycle.query for cycle in failed.cycles] == [None]


def test_what_evaluations_measure_beside_accuracy(bench, world):
    one = world(bench)
    end = one.finish(bench)
    evaluations = [key for key, unit in one.units.items() if unit.kind == "evaluation"]
    for number, key in enumerate(evaluations):
        measured = {name: number + n / 10 for n, name in enumerate(METRICS)}
        one.records[key]["metrics"] = measured | {"class_accuracy": [number / 100, None, 1.0]}
    one.records[evaluations[0]]["metrics"]["nll"] = None
    (scenario,) = collect(bench, end, one, []).scenarios
    by_trial = {one.units[key].inputs.trial: one.records[key]["metrics"] for key in evaluations}
    for method in scenario.methods:
        assert numbers(method.class_accuracy).shape == (4, 2, 3, 3)
        for run in method.runs:
            for number, cycle in enumerate(run.cycles):
                recorded, at = by_trial[cycle.trial], (run.initial_set, run.seed, number)
                for name in METRICS:
                    found = getattr(method, name)[at[0]][at[1]][number]
                    assert found == recorded[name]
                of_classes = method.class_accuracy[at[0]][at[1]][number]
                assert list(of_classes) == recorded["class_accuracy"]


def test_what_no_evaluation_measures_is_none_at_once(finished):
    for method in finished.scenarios[0].methods:
        assert [getattr(method, name) for name in METRICS] == [None] * len(METRICS)
        assert method.class_accuracy is None


@pytest.mark.parametrize("stop", [None, 0.75])
def test_labels_with_which_the_accuracy_was_reached(make_bench, world, stop):
    bench = make_bench(initial_sets=3, seeds=1, scope="fixed", stop_at_accuracy=stop)
    one = world(bench)
    end = one.finish(bench)
    (scenario,) = collect(bench, end, one, []).scenarios
    assert scenario.stop_at_accuracy == stop
    for method in scenario.methods:
        runs = [run for run in end.runs if run.method.label == method.method]
        expected = [run.condition.sizes[run.last] if run.satisfied else None for run in runs]
        assert [labels for (labels,) in method.labels_spent] == expected
    assert (stop is None) == all(not run.satisfied for run in end.runs)


def test_an_interrupted_bench_has_a_document_too(bench, world):
    one = world(bench)
    for unit in survey(bench, one).ready():
        one.compute(unit)
    document = collect(bench, survey(bench, one), one, [])
    for method in document.scenarios[0].methods:
        assert {len(run.cycles) for run in method.runs} == {1}


def test_what_the_author_of_a_method_says(bench, world):
    one = world(bench)
    random, margin = bench.methods
    margin = replace(margin, summary="By the margin", citation="Scheffer et al. (2001)")
    bench = replace(bench, methods=(random, margin))
    (scenario,) = collect(bench, one.finish(bench), one, []).scenarios
    assert [(method.summary, method.citation) for method in scenario.methods] == [
        (None, None),
        ("By the margin", "Scheffer et al. (2001)"),
    ]


def test_days_and_machines_of_a_method(bench, world, finished):
    assert {method.recorded for method in finished.scenarios[0].methods} == {
        (date(2026, 1, 31), date(2026, 1, 31))
    }
    one = world(bench)
    end = one.finish(bench)
    own = {
        label: [key for key, unit in one.units.items() if unit.kind == "query"
                and unit.inputs.sampler.name == label]
        for label in ("random", "margin")
    }  # fmt: skip
    one.days[own["margin"][3]] = date(2026, 2, 28)
    one.days[own["margin"][4]] = date(2025, 12, 31)
    one.days[own["random"][0]] = None
    trial = next(key for key, unit in one.units.items() if unit.kind == "trial")
    assert one.units[trial].inputs.seed.cycle == 0, "both have it"
    one.machines[trial] = None
    (scenario,) = collect(bench, end, one, []).scenarios
    assert {method.method: method.recorded for method in scenario.methods} == {
        "random": (date(2026, 1, 31), date(2026, 1, 31)),
        "margin": (date(2025, 12, 31), date(2026, 2, 28)),
    }
    for method in scenario.methods:
        assert [(on.machine is None, on.trainings) for on in method.machines] == [
            (False, 23),
            (True, 1),
        ]
    one.days = dict.fromkeys(one.units)
    (scenario,) = collect(bench, end, one, []).scenarios
    assert {method.recorded for method in scenario.methods} == {None}


def test_before_anything_is_recorded(empty):
    for method in empty.scenarios[0].methods:
        assert (method.recorded, method.machines) == (None, ())

"""From records to arrays, findings and reports."""

import json
from dataclasses import replace

import numpy as np
import pytest

from alharness.leaderboard import wording
from alharness.leaderboard.report import report_json, report_markdown
from alharness.protocol.planning.run import State
from alharness.protocol.planning.survey import survey
from alharness.results.collect import results
from alharness.results.findings import findings
from alharness.statistics import Interval, Point, Verdict


@pytest.fixture
def bench(make_bench):
    return make_bench(initial_sets=4, seeds=2, scope="fixed")


@pytest.fixture
def empty(bench, world):
    one = world(bench)
    (result,) = results(bench, survey(bench, one), one)
    return result


def with_accuracies(result, **accuracies):
    methods = [
        replace(method, accuracy=accuracies[method.label]) if method.label in accuracies else method
        for method in result.methods
    ]
    return replace(result, methods=tuple(methods))


def test_accuracies_are_at_their_place(bench, world):
    one = world(bench)
    end = one.finish(bench)
    (result,) = results(bench, end, one)
    assert (result.labels, result.n_train, result.n_validation) == ((6, 12, 18), 60, 6)
    assert result.reference == "random"
    tests = {
        unit.inputs.trial: one.records[key]["test_accuracy"]
        for key, unit in one.units.items()
        if unit.kind == "evaluation"
    }
    for method in result.methods:
        assert method.accuracy.shape == (4, 2, 3)
        assert method.complete == 8
        for run in end.runs:
            if run.method is method.method:
                expected = [tests[unit.key] for unit in run.chosen]
                assert method.accuracy[run.place].tolist() == expected
    np.testing.assert_array_equal(
        result.methods[0].accuracy[..., 0], result.methods[1].accuracy[..., 0]
    )


def test_what_was_spent(bench, world):
    """Published traps 18 and 19: validation labels and tuning cost something too."""
    one = world(bench)
    (result,) = results(bench, one.finish(bench), one)
    finding = findings(result)
    report = report_json(bench, [finding], [])["scenarios"][0]
    assert report["labels_with_validation"] == [12, 18, 24]
    # 4 x 2 runs of three cycles; cycle 0 is one training for both methods.
    assert [method["trainings"] for method in report["methods"]] == [24, 24]
    notes = " ".join(wording.notes(finding, 1))
    assert "6 for validation" in notes
    assert "random 24, margin 24; 8 of them are the same for all" in notes


def test_what_is_missing_is_nan(bench, world, empty):
    assert all(np.isnan(method.accuracy).all() for method in empty.methods)
    one = world(bench)

    def fails(unit):
        path = unit.inputs.__dict__.get("seed") or {}
        at = (path.get("initial_set"), path.get("seed"), path.get("cycle"))
        return unit.kind == "query" and at == (2, 1, 0)

    (result,) = results(bench, one.finish(bench, fails=fails), one)
    for method in result.methods:
        missing = np.argwhere(np.isnan(method.accuracy)).tolist()
        assert missing == [[2, 1, 1], [2, 1, 2]]
        assert method.states[f"blobs/{method.label}/2/1"] is not State.DONE
        assert method.complete == 7


def test_a_clear_difference_is_found(bench, empty):
    noise = np.random.default_rng(0).normal(0, 0.001, (4, 2, 3))
    random = np.array([0.5, 0.6, 0.7]) + noise
    margin = random + np.array([-0.3, 0.1, 0.1]) + noise[::-1]
    found = findings(with_accuracies(empty, random=random, margin=margin))
    reference, method = found.methods
    assert reference.verdict is None
    assert reference.marks is None
    assert method.verdict.verdict is Verdict.BETTER
    assert method.verdict.difference == pytest.approx(0.1, abs=0.005)
    assert [mark.verdict for mark in method.marks] == [Verdict.BETTER] * 2
    assert method.curve[0].mean == pytest.approx(0.2, abs=0.005)
    assert list(found.chain) == [12, 18]
    text = report_markdown(bench, [found], ["query k: it | broke"])
    (line,) = [line for line in text.splitlines() if line.startswith("| margin")]
    assert "better than random" in line
    assert line.count("▲") == 2
    assert "| 6 (10%) | 12 (20%) | 18 (30%) |" in text
    assert "## Failures\n\n- query k: it | broke" in text
    assert "One architecture" in text
    assert "6 for validation" in text


@pytest.mark.parametrize("missing", ["all", "some", "none"])
def test_json_is_strict(bench, empty, missing):
    accuracy = np.random.default_rng(0).random((4, 2, 3))
    if missing == "some":
        accuracy[1, 0, 1:] = np.nan
    given = {} if missing == "all" else {"random": accuracy, "margin": accuracy[::-1]}
    found = findings(with_accuracies(empty, **given))
    report = report_json(bench, [found], ["broke"])
    assert json.loads(json.dumps(report, allow_nan=False)) is not None
    (scenario,) = report["scenarios"]
    assert scenario["labels_with_validation"] == [12, 18, 24]
    assert [method["method"] for method in scenario["methods"]] == ["random", "margin"]
    if missing == "some":
        assert scenario["methods"][0]["accuracy"][1][0][1:] == [None, None]
    assert report["failures"] == ["broke"]
    assert len(report_markdown(bench, [found], [])) > 0


@pytest.mark.parametrize(
    ("point", "text"),
    [
        (Point(0, 0, None, None, None), "–"),
        (Point(1, 2, 0.5, None, 0.1), "50.00"),
        (Point(3, 6, 0.9123, Interval(0.90, 0.92), 0.1), "91.23 ± 1.00"),
    ],
)
def test_cells(point, text):
    assert wording.cell(point, None) == text


def test_failures_that_differ_only_in_their_unit_are_counted_together():
    one, two = "0" * 32, "a1" * 16
    lines = [
        f"sampler 's' (d 1), query {one}: query raised KeyError",
        f"sampler 's' (d 1), query {two}: query raised KeyError",
        f"trial {one}: out of memory",
        f"trial {two}: out of memory",
        f"sampler 's' (d 1), query {one}: another",
    ]
    assert wording.counted(lines) == [
        "2 x sampler 's' (d 1): query raised KeyError",
        "2 x out of memory",
        lines[4],
    ]

"""What MLflow shows of a finished bench: the mean curve and the verdict of each method."""

import json

import pytest

from alharness.results.collect import collect
from alharness.tracking.method_runs import VERDICT_TAG, found


@pytest.fixture
def document(laboratory):
    lab = laboratory()
    return json.loads(json.dumps(collect(lab.bench, lab.work(), lab, []).to_json()))


def runs(document, now=5):
    return {planned.build().name: planned.build() for planned in found(document, now).runs}


def test_each_method_has_its_mean_curve_by_labels(document):
    logged = runs(document)
    assert logged.keys() == {"s/random", "s/margin"}
    scenario = document["scenarios"][0]
    for name, run in logged.items():
        curve = document["findings"]["s"]["methods"][name.removeprefix("s/")]["curve"]
        means = {p.step: p.value for p in run.metrics if p.metric == "test_accuracy"}
        expected = [point["mean"] for point in curve]
        assert means == dict(zip(scenario["labels"], expected, strict=True))
        lows = {p.step: p.value for p in run.metrics if p.metric == "test_accuracy_low"}
        assert lows == {
            labels: point["interval"][0]
            for labels, point in zip(scenario["labels"], curve, strict=True)
        }
        assert run.whole
        assert run.tags["alharness.kind"] == "method"


def test_the_verdict_is_a_tag_and_in_the_note(document):
    logged = runs(document)
    assert logged["s/random"].tags[VERDICT_TAG] == "reference"
    assert logged["s/margin"].tags[VERDICT_TAG] == "not testable"
    note = found(document, 5).note
    assert note.startswith("A small suite")
    assert "| margin | not testable |" in note
    assert "tags.`alharness.kind` = 'method'" in note


def test_a_run_is_known_again_and_written_again_only_when_it_says_something_else(document):
    first, later = found(document, 5).runs, found(document, 6).runs
    assert [run[:2] for run in first] == [run[:2] for run in later]
    point = document["findings"]["s"]["methods"]["margin"]["curve"][0]
    point["mean"] += 0.01
    changed = found(document, 6).runs
    assert [run.key for run in changed] == [run.key for run in first]
    assert [a.state == b.state for a, b in zip(changed, first, strict=True)] == [True, False]


def test_what_is_outdated_was_logged_before_and_is_in_the_note_alone(document):
    margin = document["scenarios"][0]["methods"][1]
    findings = document["findings"]["s"]["methods"]["margin"]
    margin["outdated"] = "its plugin changed"
    findings["verdict"] = findings["sentence"] = None
    assert runs(document).keys() == {"s/random"}
    assert "| margin | none: outdated, its plugin changed |" in found(document, 5).note


def test_a_bench_of_which_nothing_is_computed(laboratory):
    lab = laboratory()
    document = collect(lab.bench, lab.survey(), lab, []).to_json()
    assert all(not run.metrics for run in runs(json.loads(json.dumps(document))).values())

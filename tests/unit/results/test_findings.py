"""Findings follow from the numbers in a document."""

import numpy as np
import pytest

from alharness.results.document import numbers
from alharness.results.findings import findings
from alharness.results.reading import from_json
from alharness.statistics import Verdict, compare, endpoint, paper_chain


def test_a_clear_difference_is_found(clear):
    found = clear.findings["blobs"]
    reference, method = found.methods["random"], found.methods["margin"]
    assert (reference.verdict, reference.sentence, reference.marks) == (None, None, None)
    assert method.verdict.verdict is Verdict.BETTER
    assert method.sentence == "better than random, at fixed hyper-parameters"
    assert method.verdict.difference == pytest.approx(0.1, abs=0.005)
    assert [mark.verdict for mark in method.marks] == [Verdict.BETTER] * 2
    assert method.curve[0].mean == pytest.approx(0.2, abs=0.005)
    assert list(found.paper_chain) == [12, 18]
    assert found.paper_chain[12].better == ("margin",)


def test_they_are_those_that_0_1_found(of_0_1):
    """The statistics of today on the accuracies of then: equal to the last bit."""
    document = from_json(of_0_1)
    for scenario in document.scenarios:
        assert findings(scenario) == document.findings[scenario.scenario]


def test_a_verdict_is_on_the_budgets_after_cycle_0(clear):
    """Cycle 0 is the same for all methods, and would only dilute it."""
    (scenario,) = clear.scenarios
    random, margin = (numbers(method.accuracy) for method in scenario.methods)
    expected = compare(endpoint(margin[..., 1:], (12, 18)), endpoint(random[..., 1:], (12, 18)))
    assert clear.findings["blobs"].methods["margin"].verdict == expected


def test_nothing_is_tested_where_runs_stop_at_an_accuracy(clear):
    scenario = clear.scenarios[0].model_copy(update={"stop_at_accuracy": 0.9})
    found = findings(scenario)
    assert found.paper_chain == {}
    method = found.methods["margin"]
    assert method.verdict.verdict is Verdict.NOT_TESTABLE
    assert {mark.verdict for mark in method.marks} == {Verdict.NOT_TESTABLE}
    assert method.curve == clear.findings["blobs"].methods["margin"].curve


def test_what_sees_labels_has_a_curve_and_no_verdict(make_bench, world, changed):
    from alharness.results.collect import collect

    bench = make_bench(("random", "margin", "bound"), initial_sets=4, seeds=1, scope="fixed")
    one = world(bench)
    ranked = collect(bench, one.finish(bench), one, [])
    marked = changed(ranked, bound={"sees_labels": True})
    found = marked.findings["blobs"]
    bound = found.methods["bound"]
    assert (bound.verdict, bound.sentence, bound.marks) == (None, None, None)
    assert bound.curve == ranked.findings["blobs"].methods["bound"].curve
    # It is not in the chain either, where it would change the p-values of the others.
    accuracies = {
        method.method: numbers(method.accuracy)[..., 1] for method in marked.scenarios[0].methods
    }
    del accuracies["bound"]
    assert found.paper_chain[12] == paper_chain(accuracies, "random")
    before = ranked.findings["blobs"].methods["margin"]
    assert found.methods["margin"].verdict == before.verdict
    assert found.methods["margin"].marks == before.marks
    assert found.family.methods == ("margin",)


def test_a_run_that_is_missing_is_missing_in_both(clear, changed):
    accuracy = numbers(clear.scenarios[0].methods[0].accuracy)
    accuracy[1, 0, 1:] = np.nan
    verdict = changed(clear, random={"accuracy": accuracy}).findings["blobs"].methods["margin"]
    assert (verdict.verdict.n_initial_sets, verdict.verdict.n_pairs) == (4, 7)

"""The endpoint that a suite declares: verdicts, marks and family are on its metric."""

import copy
import json

import numpy as np
import pytest

from alharness.leaderboard import wording
from alharness.leaderboard.report import report_markdown
from alharness.protocol.planning.survey import survey
from alharness.protocol.suite.tables import Endpoint as Declared
from alharness.results.collect import collect
from alharness.results.document import Endpoint, members
from alharness.results.family import conclude, with_noted
from alharness.results.findings import findings
from alharness.results.reading import from_json
from alharness.statistics import MEASURES, Verdict, compare, endpoint
from alharness.store.tried import TriedMethods

NLL = Endpoint(metric="nll", margin=0.05)


def test_a_document_says_what_its_suite_declares(make_bench, world):
    bench = make_bench(initial_sets=4, scope="fixed")
    declaring = bench.suite.model_copy(update={"endpoint": Declared(metric="nll", margin=0.05)})
    bench = type(bench)(declaring, bench.methods, bench.conditions)
    one = world(bench)
    document = collect(bench, survey(bench, one), one, [])
    assert document.scenarios[0].endpoint == NLL
    assert document.suite.declaration["endpoint"] == {"metric": "nll", "margin": 0.05}
    assert from_json(json.loads(json.dumps(document.to_json()))) == document


def test_early_documents_of_the_schema_mean_accuracy(clear):
    data = copy.deepcopy(clear.to_json())
    del data["scenarios"][0]["endpoint"]
    assert from_json(data) == clear
    assert clear.scenarios[0].endpoint == Endpoint(metric="accuracy", margin=0.01)


def test_what_a_suite_may_declare_is_what_there_are_measures_of():
    (metrics,) = (field.annotation.__args__ for field in [Declared.model_fields["metric"]])
    assert metrics == Endpoint.model_fields["metric"].annotation.__args__ == tuple(MEASURES)


@pytest.fixture
def on_nll(clear):
    """margin is better in accuracy, worse in likelihood, and the suite declares the latter."""
    rng = np.random.default_rng(1)
    nll = {"random": rng.normal(0.5, 0.01, (4, 2, 3)), "margin": rng.normal(0.8, 0.01, (4, 2, 3))}
    (scenario,) = clear.scenarios
    methods = tuple(
        one.model_copy(update={"nll": members(nll[one.method])}) for one in scenario.methods
    )
    scenario = scenario.model_copy(update={"endpoint": NLL, "methods": methods})
    found = {scenario.scenario: findings(scenario)}
    return clear.model_copy(update={"scenarios": (scenario,), "findings": found}), nll


def test_verdicts_and_marks_are_on_it_and_better_is_better(on_nll):
    document, nll = on_nll
    found = document.findings["blobs"].methods["margin"]
    ends = {name: endpoint(-values[..., 1:], (12, 18)) for name, values in nll.items()}
    assert found.verdict == compare(ends["margin"], ends["random"])
    assert found.verdict.verdict is Verdict.WORSE
    assert found.verdict.difference == pytest.approx(-0.3, abs=0.02)
    assert found.familywise.verdict is Verdict.WORSE
    assert {mark.verdict for mark in found.marks} == {Verdict.WORSE}
    assert found.sentence == (
        "worse than random on negative log-likelihood, at fixed hyper-parameters"
    )
    assert found.curve[0].mean == pytest.approx(0.8, abs=0.02)
    assert document.findings["blobs"].paper_chain[12].worse == ("margin",)


def test_reports_name_it_and_do_not_call_it_percent(on_nll):
    document, _ = on_nll
    text = report_markdown(document)
    assert "| difference in negative log-likelihood |" in text
    assert "Test negative log-likelihood in nats (lower is better), mean over" in text
    assert "paired by initial set, in nats; above 0 is better." in text
    (margin,) = [line for line in text.splitlines() if line.startswith("| margin")]
    assert "| 0.80" in margin
    assert "| -0.29" in margin or "| -0.30" in margin


def test_a_metric_that_no_evaluation_has_is_not_testable(clear):
    scenario = clear.scenarios[0].model_copy(update={"endpoint": NLL})
    found = findings(scenario)
    assert found.methods["margin"].verdict.verdict is Verdict.NOT_TESTABLE
    assert found.family.methods == ()
    assert wording.rows(scenario, found)[1][1] == "–"


def test_of_a_method_tried_on_another_metric_nothing_is_known(on_nll, clear, tmp_path):
    document, _ = on_nll
    tried = TriedMethods(tmp_path)
    conclude(document, tried)
    without = clear.model_copy(
        update={"scenarios": (without_margin(clear.scenarios[0]),), "findings": {}}
    )
    without = without.model_copy(update={"findings": {"blobs": findings(without.scenarios[0])}})
    (other,) = with_noted(without, tried).scenarios[0].family.others
    assert (other.method, other.p_value) == ("margin", None)
    conclude(clear, tried)
    (other,) = with_noted(without, tried).scenarios[0].family.others
    assert other.p_value == clear.findings["blobs"].methods["margin"].verdict.p_value


def without_margin(scenario):
    rows = tuple(one for one in scenario.methods if one.method != "margin")
    return scenario.model_copy(update={"methods": rows})

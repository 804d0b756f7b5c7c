"""The family of a document: from a workspace's notes, narrowed, shown; and how it was tuned."""

import copy
import json

import numpy as np
import pytest
from click.testing import CliRunner

from alharness import ExitCode
from alharness.cli.main import alharness
from alharness.leaderboard.report import report_markdown
from alharness.protocol.components import Component
from alharness.protocol.planning.survey import survey
from alharness.results.collect import collect
from alharness.results.documents import Documents
from alharness.results.family import conclude, narrowed, read_labels, with_noted
from alharness.results.findings import findings
from alharness.results.reading import from_json
from alharness.statistics import Verdict
from alharness.store.tried import Tried, TriedMethods


def sampler(name, source="source", **parameters):
    label = f"{name}:passes={parameters['passes']}" if parameters else name
    return Component("sampler", name, parameters, source, name, "(test)", "1", label)


@pytest.fixture
def tried(tmp_path):
    return TriedMethods(tmp_path)


@pytest.fixture
def close(empty, changed):
    """A document in which margin is better than random, by a p-value between 0.01 and 0.05."""
    random = np.broadcast_to([0.5, 0.6, 0.7], (4, 2, 3))
    margin = random + np.array([0.010, 0.012, 0.020, 0.030])[:, None, None]
    document = changed(empty, random={"accuracy": random}, margin={"accuracy": margin})
    p = document.findings["blobs"].methods["margin"].verdict.p_value
    assert 0.01 < p < 0.05
    return document


@pytest.fixture
def of_four(close, tried):
    """The same in a workspace where three more were tried."""
    (scenario,) = close.scenarios
    for one, p in ((sampler("bald"), 0.4), (sampler("bald", passes=5), 0.9), (sampler("qbc"), 0.7)):
        tried.conclude(scenario.protocol_digest, one, "random", p)
    conclude(close, tried)
    return with_noted(close, tried)


def margin_of(document):
    return document.findings["blobs"].methods["margin"]


def test_everything_ever_tried_under_the_protocol_counts(close, of_four):
    family = of_four.findings["blobs"].family
    assert sorted(family.methods) == ["bald", "bald:passes=5", "margin", "qbc"]
    assert family.narrowed_from is None
    alone, counted = margin_of(close), margin_of(of_four)
    assert (alone.verdict, alone.sentence) == (counted.verdict, counted.sentence)
    assert alone.familywise.verdict is Verdict.BETTER
    assert counted.familywise.verdict is Verdict.UNDETERMINED
    assert counted.familywise.p_value == pytest.approx(4 * alone.verdict.p_value)
    assert from_json(json.loads(json.dumps(of_four.to_json()))) == of_four


def test_what_is_in_the_document_is_noted_and_counts_once(close, of_four, tried):
    (scenario,) = close.scenarios
    notes = tried.under(scenario.protocol_digest).values()
    verdict = margin_of(close).verdict
    assert Tried("margin", "random", verdict.p_value) in notes
    assert "random" not in {one.method for one in notes}
    assert with_noted(of_four, tried) == of_four


def test_findings_follow_from_the_document(of_four):
    (scenario,) = of_four.scenarios
    assert findings(scenario) == of_four.findings["blobs"]


def test_methods_without_results_are_in_no_family(empty, tried):
    conclude(empty, tried)
    assert tried.under(empty.scenarios[0].protocol_digest) == {}
    found = with_noted(empty, tried).findings["blobs"]
    assert (found.family.methods, found.methods["margin"].familywise) == ((), None)


def test_what_sees_labels_is_in_no_family(clear, changed, tried):
    document = changed(clear, margin={"sees_labels": True})
    conclude(document, tried)
    assert tried.under(clear.scenarios[0].protocol_digest) == {}
    assert document.findings["blobs"].family.methods == ()


def test_another_version_of_a_method_counts(close, tried):
    tried.conclude(close.scenarios[0].protocol_digest, sampler("margin", "edited"), "random", 0.01)
    document = with_noted(close, tried)
    assert document.findings["blobs"].family.methods == ("margin", "margin")
    assert "margin (2 versions)" in report_markdown(document)


@pytest.mark.parametrize("reference", ["random", "bald"])
def test_a_p_value_against_another_reference_is_not_known(close, tried, reference):
    tried.conclude(close.scenarios[0].protocol_digest, sampler("qbc"), reference, 0.001)
    (other,) = with_noted(close, tried).scenarios[0].family.others
    assert other.p_value == (0.001 if reference == "random" else None)


def test_a_reference_that_was_compared_elsewhere_is_no_member(close, tried):
    tried.conclude(close.scenarios[0].protocol_digest, sampler("random"), "bald", 0.001)
    assert with_noted(close, tried).findings["blobs"].family.methods == ("margin",)


def test_it_is_narrowed_and_that_is_said(close, of_four):
    two = narrowed(of_four, ("margin", "qbc"))
    family = two.findings["blobs"].family
    assert (family.methods, family.narrowed_from) == (("margin", "qbc"), 4)
    p = margin_of(close).verdict.p_value
    assert margin_of(two).familywise.p_value == pytest.approx(2 * p)
    text = report_markdown(two)
    assert "Family of 2 (narrowed from 4 to 2): margin, qbc." in text
    assert "| in a family of 2 |" in text
    without = narrowed(of_four, ("qbc",))
    assert margin_of(without).familywise is None
    assert margin_of(without).sentence == margin_of(close).sentence
    assert "| not counted |" in report_markdown(without)
    assert narrowed(two, ("margin", "qbc", "bald", "bald:passes=5")).findings["blobs"].methods == (
        of_four.findings["blobs"].methods
    )


def test_nothing_is_counted_where_runs_stop_at_an_accuracy(of_four):
    scenario = of_four.scenarios[0].model_copy(update={"stop_at_accuracy": 0.9})
    found = findings(scenario)
    assert found.family is None
    assert found.methods["margin"].familywise is None


def test_it_is_said_where_verdicts_stand(of_four, tmp_path):
    Documents(tmp_path / "reports").write(of_four)
    shown = CliRunner().invoke(alharness, ["report", "--workspace", str(tmp_path)]).stdout
    for text in (report_markdown(of_four), shown):
        assert "in a family of 4" in text
        assert "undetermined, p 0." in text
        assert "(every method recorded in this workspace for this protocol): margin, " in text
        assert "bald:passes=5" in text
        assert "Of 4 that equal random, at least one gets a verdict in 16 % of benches" in text


def test_the_command_narrows_what_it_shows(of_four, tmp_path):
    documents = Documents(tmp_path / "reports")
    documents.write(of_four)

    def report(*arguments):
        return CliRunner().invoke(alharness, ["report", "--workspace", str(tmp_path), *arguments])

    shown = report("--family", "margin,bald:passes=5")
    assert "(narrowed from 4 to 2): margin, bald:passes=5." in shown.stdout
    (as_json,) = json.loads(report("--family", "margin", "--family", "qbc", "--json").stdout)
    assert as_json["findings"]["blobs"]["family"]["narrowed_from"] == 4
    assert documents.read("tiny") == of_four
    wrong = report("--family", "margins")
    assert (wrong.exit_code, wrong.stdout) == (ExitCode.USAGE, "")
    assert "'margins' is not a method ever recorded" in wrong.stderr
    assert "Did you mean 'margin'?" in wrong.stderr


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        (["a,b"], ("a", "b")),
        (["a", "b,a"], ("a", "b")),
        (["vaal:epochs=6,width=16,qbc"], ("vaal:epochs=6,width=16", "qbc")),
        (["vaal:epochs=6,timm:x,bald:passes=5"], ("vaal:epochs=6", "timm:x", "bald:passes=5")),
        ([" a , b,"], ("a", "b")),
        ([","], ()),
    ],
)  # fmt: skip
def test_labels_are_read(texts, labels):
    assert read_labels(texts) == labels


# --- how it was tuned -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "condition"),
    [
        ("per-initial-set", None),
        ("first-initial-set", "conditional on one tuning"),
        ("fixed", "at fixed hyper-parameters"),
    ],
)
def test_verdicts_say_what_they_are_conditional_on(make_bench, world, scope, condition, tmp_path):
    bench = make_bench(scope=scope, initial_sets=4)
    one = world(bench)
    document = collect(bench, one.finish(bench), one, [])
    assert document.scenarios[0].tuning == scope
    alone = margin_of(document).verdict.verdict.sentence("random")
    expected = alone if condition is None else f"{alone}, {condition}"
    assert margin_of(document).sentence == expected
    Documents(tmp_path / "reports").write(document)
    shown = CliRunner().invoke(alharness, ["report", "--workspace", str(tmp_path)]).stdout
    for text, bar in ((report_markdown(document), "|"), (shown, "│")):
        assert f" {expected} {bar}" in text
        for phrase in ("Conditional on one tuning:", "At fixed hyper-parameters:"):
            assert (phrase in text) == (phrase[:-1].lower() == condition)


def test_one_value_for_everything_is_fixed_whatever_the_scope(make_bench, world):
    from dataclasses import replace

    from alharness import Choice

    bench = make_bench(scope="per-initial-set")
    (condition,) = bench.conditions
    single = {name: Choice((1,)) for name in condition.space}
    bench = replace(bench, conditions=(replace(condition, space=single),))
    one = world(bench)
    assert collect(bench, survey(bench, one), one, []).scenarios[0].tuning == "fixed"


def test_nothing_is_claimed_of_what_cannot_be_tested(make_bench, world):
    bench = make_bench(scope="first-initial-set", initial_sets=2)
    one = world(bench)
    assert margin_of(collect(bench, one.finish(bench), one, [])).sentence == "not testable"


def as_schema_2(document):
    """What alharness wrote before schema 3."""
    data = copy.deepcopy(document.to_json()) | {"schema": 2}
    for scenario in data["scenarios"]:
        del scenario["tuning"], scenario["family"]
        for method in scenario["methods"]:
            del method["outdated"]
    for found in data["findings"].values():
        del found["family"]
        for method in found["methods"].values():
            del method["familywise"]
            if method["sentence"] is not None:
                method["sentence"] = method["sentence"].split(",")[0]
    return json.loads(json.dumps(data))


@pytest.mark.parametrize("scope", ["per-initial-set", "first-initial-set", "fixed"])
def test_schema_2_is_migrated(make_bench, world, scope):
    bench = make_bench(scope=scope, initial_sets=4)
    one = world(bench)
    document = collect(bench, one.finish(bench), one, [])
    old = from_json(as_schema_2(document))
    (scenario,) = old.scenarios
    assert (scenario.tuning, scenario.family) == (scope, None)
    assert margin_of(old).sentence == margin_of(document).sentence
    assert findings(scenario) == old.findings["blobs"]
    assert "family" not in report_markdown(old)


def test_schema_1_says_that_it_does_not_know(of_0_1):
    document = from_json(of_0_1)
    assert document.scenarios[0].tuning is None
    assert "does not say how it was tuned" in report_markdown(document)

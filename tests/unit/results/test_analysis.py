"""All that the statistics say: the same of a document and of a CSV, and nobody's by others."""

import json
from dataclasses import replace

import numpy as np
import pytest

from alharness import UsageError
from alharness.results.analysis import analyse
from alharness.results.document import Endpoint, Family, Member, members, numbers
from alharness.results.runs_csv import read_runs
from alharness.results.samples import samples_of, samples_of_runs
from alharness.results.sources import ONE_ARCHITECTURE, read_samples
from alharness.results.statistics_report import StatisticsReport
from alharness.statistics import (
    Verdict,
    bootstrap_interval,
    endpoint,
    equivalence,
    gap_share,
    label_saving,
    ranks,
    win_matrix,
)

LABELS = (10, 20, 40, 80)
HEADER = "method,initial_set,seed,budget,accuracy\n"


def accuracies(*gains, sets=5, seeds=3, shared=True):
    """By method, (I, J, C): the first is random; a method's gain is in all cycles but the first."""
    rng = np.random.default_rng(len(gains))
    base = np.array([0.5, 0.6, 0.68, 0.74]) + rng.normal(0, 0.01, (sets, 1, 4))
    start = rng.normal(0, 0.01, (sets, seeds))
    made = {}
    for number, gain in enumerate((0.0, *gains)):
        values = base + gain + rng.normal(0, 0.005, (sets, seeds, 4))
        if shared:
            values[..., 0] = 0.5 + start
        made["random" if number == 0 else f"m{number}"] = values
    return made


@pytest.fixture
def written(tmp_path):
    """Writes accuracies as a CSV; its path."""

    def write(values, name="runs.csv"):
        path = tmp_path / name
        path.write_text(
            HEADER
            + "".join(
                f"{method},{i},{j},{labels},{float(one[i, j, c])!r}\n"
                for method, one in values.items()
                for i, j, _ in np.ndindex(*one.shape[:2], 1)
                for c, labels in enumerate(LABELS)
                if not np.isnan(one[i, j, c])
            )
        )
        return path

    return write


def of_csv(path, **asked):
    return samples_of_runs(read_runs(path), path, **asked)


def test_everything_is_what_the_statistics_say_of_the_numbers(written):
    values = accuracies(0.03, 0.0)
    found = analyse(of_csv(written(values)))
    assert found.budgets == LABELS[1:]
    tested = {name: one[..., 1:] for name, one in values.items()}
    ends = {name: endpoint(one, LABELS[1:]) for name, one in tested.items()}
    best, ranking, matrix = found.methods["m1"], ranks(ends), win_matrix(tested)
    assert best.verdict.verdict is Verdict.BETTER
    assert best.sentence == "better than random"
    assert best.equivalence == equivalence(ends["m1"], ends["random"], 0.01)
    assert found.methods["m2"].equivalence.equivalent
    assert best.bootstrap == bootstrap_interval(
        ends["m1"], ends["random"], np.random.default_rng(0)
    )
    assert {name: one.rank for name, one in found.methods.items()} == ranking.ranks
    assert found.ranking.n_pairs == 3
    np.testing.assert_array_equal(numbers(found.ranking.p_values), ranking.p_values)
    np.testing.assert_array_equal(numbers(found.ranking.wins), matrix.wins)
    savings = label_saving(values["m1"], values["random"], LABELS)
    assert tuple(one.saving for one in best.savings) == savings
    assert found.family.methods == ("m1", "m2")
    assert list(found.paper_chain) == list(LABELS[1:])


def test_a_csv_and_a_document_of_the_same_numbers_say_the_same(clear, tmp_path):
    (scenario,) = clear.scenarios
    path = tmp_path / "blobs.csv"
    path.write_text(
        HEADER
        + "".join(
            f"{one.method},{i},{j},{labels},{one.accuracy[i][j][c]!r}\n"
            for one in scenario.methods
            for i, j in np.ndindex(4, 2)
            for c, labels in enumerate(scenario.labels)
        )
    )
    document = analyse(samples_of(scenario))
    found = clear.findings["blobs"]
    for label, one in document.methods.items():
        stored = found.methods[label]
        assert (one.verdict, one.marks, one.curve) == (stored.verdict, stored.marks, stored.curve)
        assert (one.familywise, one.sentence) == (stored.familywise, stored.sentence)
    assert (document.family, document.paper_chain) == (found.family, found.paper_chain)
    # margin has other values at the first budget, so a CSV takes it for one like the others.
    csv = of_csv(path)
    assert csv.first == 0
    of_rows = analyse(replace(csv, first=1))
    for label, one in document.methods.items():
        row = of_rows.methods[label]
        assert (row.co_trained, one.co_trained) == (None, False)  # a CSV does not say
        said = {"sentence": one.sentence, "co_trained": one.co_trained}
        assert row.model_copy(update=said) == one
    assert of_rows.ranking == document.ranking


@pytest.mark.parametrize("shared", [True, False])
def test_the_first_budget_of_a_csv_is_cycle_0_where_all_methods_agree_there(written, shared):
    samples = of_csv(written(accuracies(0.03, 0.0, shared=shared)))
    assert samples.first == int(shared)
    assert samples.notes[0].startswith("Assumed: 10 labels are ")
    assert ("cycle 0" in samples.notes[0]) is shared


def test_one_budget_is_never_cycle_0(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text(
        HEADER + "".join(f"{m},{i},0,10,0.5\n" for m in ("random", "m1") for i in range(3))
    )
    samples = of_csv(path)
    assert samples.first == 0
    assert analyse(samples).methods["m1"].verdict.verdict is Verdict.UNDETERMINED


def test_adding_a_method_changes_no_other_s_verdict_or_marks(written):
    values = accuracies(0.03, 0.005, -0.02)
    few = {name: one for name, one in values.items() if name != "m3"}
    before, after = (analyse(of_csv(written(one))) for one in (few, values))
    for name in few:
        old, new = before.methods[name], after.methods[name]
        for what in ("verdict", "marks", "equivalence", "bootstrap", "savings", "sentence"):
            assert getattr(old, what) == getattr(new, what)


def test_naming_methods_narrows_ranks_and_not_the_family(written):
    samples = of_csv(written(accuracies(0.03, 0.005, -0.02)))
    everything, some = analyse(samples), analyse(samples, named=["m1", "m3"])
    assert list(some.methods) == list(some.ranking.methods) == ["random", "m1", "m3"]
    assert some.ranking.n_pairs == 3
    assert some.family == everything.family
    assert some.methods["m1"].familywise == everything.methods["m1"].familywise
    with pytest.raises(UsageError, match="there is no method 'm7'"):
        analyse(samples, named=["m7"])


def test_a_missing_run_is_missing_in_both(written):
    values = accuracies(0.03)
    values["random"][2, 1] = np.nan
    verdict = analyse(of_csv(written(values))).methods["m1"].verdict
    assert (verdict.n_initial_sets, verdict.n_pairs) == (5, 14)


def on(scenario, **tables):
    """The scenario with other numbers of its methods."""
    methods = tuple(
        one.model_copy(update={name: members(value) for name, value in tables[one.method].items()})
        for one in scenario.methods
    )
    return scenario.model_copy(update={"methods": methods})


@pytest.fixture
def measured(clear):
    """A scenario with two metrics and classes."""
    rng = np.random.default_rng(3)
    return on(
        clear.scenarios[0],
        **{
            name: {
                "nll": rng.normal(0.5 + worse, 0.01, (4, 2, 3)),
                "class_accuracy": rng.normal(0.6, 0.01, (4, 2, 3, 3)),
            }
            for name, worse in (("random", 0.0), ("margin", 0.3))
        },
    )


def test_a_metric_that_the_suite_did_not_declare_is_secondary(measured):
    found = analyse(samples_of(measured, metric="nll"))
    assert (found.secondary, found.declared.metric, found.margin) == (True, "accuracy", 0.01)
    assert not found.margin_declared
    assert found.methods["margin"].verdict.verdict is Verdict.WORSE
    assert not analyse(samples_of(measured)).secondary
    declared = measured.model_copy(update={"endpoint": Endpoint(metric="nll", margin=0.4)})
    found = analyse(samples_of(declared))
    assert (found.metric, found.secondary, found.margin, found.margin_declared) == (
        "nll", False, 0.4, True,
    )  # fmt: skip
    assert found.methods["margin"].equivalence.equivalent
    assert analyse(samples_of(declared, metric="accuracy")).secondary


def test_the_accuracy_of_one_class(measured):
    samples = samples_of(measured, metric="class_accuracy:2")
    values = numbers(measured.methods[0].class_accuracy)[..., 2]
    np.testing.assert_array_equal(samples.values["random"], values)
    with pytest.raises(UsageError, match=r"there is no class 3\. Write class_accuracy:0 to"):
        samples_of(measured, metric="class_accuracy:3")


def test_against_another_reference_the_family_elsewhere_is_unknown(clear):
    family = Family(others=(Member(method="bald", p_value=0.001),), narrowed_to=None)
    scenario = clear.scenarios[0].model_copy(update={"family": family})
    assert samples_of(scenario).family.others[0].p_value == 0.001
    turned = samples_of(scenario, metric=None, reference="margin")
    assert turned.family.others[0].p_value is None
    assert turned.compared == ("random",)
    assert "the suite's reference is random" in turned.notes[0]
    assert samples_of(scenario, metric="brier").family.others[0].p_value is None
    with pytest.raises(UsageError, match="the reference 'nobody' is not among the methods"):
        samples_of(scenario, reference="nobody")


def test_what_sees_labels_is_an_upper_bound(make_bench, world, changed):
    from alharness.results.collect import collect

    bench = make_bench(("random", "margin", "bound"), initial_sets=4, seeds=1, scope="fixed")
    one = world(bench)
    values = accuracies(0.02, 0.1, sets=4, seeds=1)
    scenario = changed(
        collect(bench, one.finish(bench), one, []),
        random={"accuracy": values["random"][..., :3]},
        margin={"accuracy": values["m1"][..., :3]},
        bound={"accuracy": values["m2"][..., :3], "sees_labels": True},
    ).scenarios[0]
    found = analyse(samples_of(scenario))
    ends = [endpoint(values[name][..., 1:3], (12, 18)) for name in ("m1", "random", "m2")]
    assert found.methods["margin"].gap_share == {"bound": gap_share(*ends)}
    assert 0 < found.methods["margin"].gap_share["bound"].share < 1
    bound = found.methods["bound"]
    assert (bound.role, bound.verdict, bound.rank) == ("upper-bound", None, None)
    assert found.ranking.methods == ("random", "margin")
    with pytest.raises(UsageError, match="the reference 'bound' is not among"):
        samples_of(scenario, reference="bound")


def test_where_runs_stop_at_an_accuracy_nothing_is_tested(clear):
    scenario = clear.scenarios[0].model_copy(update={"stop_at_accuracy": 0.9})
    found = analyse(samples_of(scenario))
    margin = found.methods["margin"]
    assert margin.verdict.verdict is Verdict.NOT_TESTABLE
    assert (found.ranking, found.family, found.paper_chain, margin.savings) == (
        None,
        None,
        {},
        None,
    )
    assert "nothing is tested" in found.notes[0]


def test_what_is_outdated_is_left_out_and_named(clear, changed):
    scenario = changed(clear, margin={"outdated": "its plugin changed"}).scenarios[0]
    found = analyse(samples_of(scenario))
    assert list(found.methods) == ["random"]
    assert "margin (its plugin changed)" in found.notes[0]


def test_the_report_is_strict_json_and_is_read_back(measured, written):
    everything = [
        analyse(one)
        for one in (samples_of(measured), *read_samples(written(accuracies(0.03, 0.0, sets=2))))
    ]
    report = StatisticsReport(alharness="1", scenarios=tuple(everything))
    text = json.dumps(report.to_json(), allow_nan=False)
    assert StatisticsReport.model_validate_json(text) == report
    assert json.loads(text)["schema"] == 1


def test_stored_findings_are_not_trusted(clear):
    """From the numbers alone: another verdict in the document changes nothing."""
    found = clear.findings["blobs"]
    forged = found.model_copy(
        update={"methods": {**found.methods, "margin": found.methods["random"]}}
    )
    document = clear.model_copy(update={"findings": {"blobs": forged}})
    assert analyse(samples_of(document.scenarios[0])).methods["margin"].verdict == (
        found.methods["margin"].verdict
    )


def test_a_metric_without_values_is_refused(clear, tmp_path):
    path = tmp_path / "document.json"
    path.write_text(json.dumps(clear.to_json()))
    assert read_samples(path)[0].notes == (ONE_ARCHITECTURE,)
    with pytest.raises(UsageError, match="blobs: there are no values of 'nll'"):
        read_samples(path, metric="nll")
    with pytest.raises(UsageError, match=r"there is no metric 'acuracy'\. Did you mean 'acc"):
        read_samples(path, metric="acuracy")
    with pytest.raises(UsageError, match="--suite is for a workspace"):
        read_samples(path, suite="tiny")

"""A part of a suite's scenarios: planned and benched alone, and what stays of the others."""

import pytest

from alharness import results

BOTH = {"here": "digits", "there": "digits"}


def two(command):
    small = {"initial_sets": 1, "seeds": 1, "trials": 1, "compared": '["random", "margin"]'}
    return command.suite(BOTH, scope="fixed", rate=0.01, **small)


def bench(command, *words):
    result = command("bench", "--executor", "inline", *words)
    assert result.exit_code == 0, result.stderr
    return results("alharness-workspace")


@pytest.mark.slow
def test_benches_of_parts_add_up_to_the_whole(command, tmp_path):
    suite = two(command)
    second = bench(command, "--suite", suite, "--scenario", "there")
    assert [one.scenario for one in second.scenarios] == ["there"]
    both = bench(command, "--suite", suite, "--scenario", "here")
    assert [one.scenario for one in both.scenarios] == ["here", "there"]
    assert both.scenarios[1] == second.scenarios[0]
    assert both.suite == second.suite
    before = {one.scenario: one.protocol_digest for one in both.scenarios}
    planned = command.json("plan", "--suite", suite)
    assert planned["distinct_units"]["done"] == planned["distinct_units"]["total"]
    whole = bench(command, "--suite", suite)
    assert {one.scenario: one.protocol_digest for one in whole.scenarios} == before
    assert [one.methods for one in whole.scenarios] == [one.methods for one in both.scenarios]


@pytest.mark.slow
def test_what_a_scenario_found_under_another_protocol_does_not_stay(command):
    suite = two(command)
    bench(command, "--suite", suite, "--scenario", "there")
    path = command.folder / suite
    path.write_text(path.read_text().replace("epochs = 1", "epochs = 2"))
    result = command("bench", "--executor", "inline", "--suite", suite, "--scenario", "here")
    assert "no longer shows earlier results of there" in result.stderr
    assert [one.scenario for one in results("alharness-workspace").scenarios] == ["here"]


def test_an_unknown_one_is_refused(command):
    result = command("plan", "--suite", two(command), "--scenario", "hear")
    assert result.exit_code == 2
    assert "there is no scenario 'hear'" in result.stderr
    assert "Did you mean 'here'?" in result.stderr


def test_scenarios_at_their_own_budgets_are_planned_and_told(command):
    suite = command.folder / two(command)
    own = 'budgets = [5, 10, 20, 50]\npool_subset = 40\nnot_run = "we had no time"\n'
    suite.write_text(suite.read_text() + own)
    planned = command.json("plan", "--suite", suite)
    labels = {
        name: sorted({one["labels"] for one in planned["units"] if one["scenario"] == name})
        for name in BOTH
    }
    assert labels == {"here": [144, 216, 287], "there": [5, 10, 20, 50]}
    assert planned["pool_subset"] == {"here": None, "there": 40}
    assert planned["not_run"] == {"there": "we had no time"}
    told = " ".join(command("plan", "--suite", suite).stdout.split())
    assert "there: A sampler sees 40 of the unlabeled images" in told
    assert "there: not run by those who ship the suite, we had no time." in told
    shown = " ".join(command("suites", "show", suite).stdout.split())
    assert "4 cycles of 5, 10, 20 and 50 labels. A sampler sees 40" in shown
    assert "Not run by those who ship the suite: we had no time." in shown
    document = bench(command, "--suite", suite, "--scenario", "there")
    (scenario,) = document.scenarios
    assert scenario.labels == (5, 10, 20, 50)
    assert scenario.querying.pool_subset == 40


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("foundation-features", 21000),
        ("low-budget", 100),
        ("all-budgets", 10000),
        ("long-tail", 210),
    ],
)
def test_suites_on_features_are_planned_without_data(command, name, labels):
    """Nor with the weights of their representations, or any way to fetch them."""
    planned, shown = command.json("plan", "--suite", name), command.json("suites", "show", name)
    assert planned["not_applicable"] == []
    known = {one["labels"] for one in planned["units"]} - {None}
    assert max(known) == labels
    committees = sum(one["total"] for one in planned["units"] if one["kind"] == "committee")
    trainings = planned["trainings"]["total"]
    assert trainings == shown["trainings"]["total"] + committees

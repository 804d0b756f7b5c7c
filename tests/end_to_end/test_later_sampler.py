"""A sampler added later trains only what is new; ``plan`` tells the numbers before and after."""

import json
import shutil

import pytest


@pytest.fixture
def compared_before(alharness, finished_bench):
    """A workspace in which random and margin are done."""
    shutil.copytree(finished_bench.workspace().root, alharness.workspace().root)
    return alharness


def summed(plan, method, *, cycle=None):
    rows = [
        row for row in plan["units"] if row["method"] == method and cycle in (None, row["cycle"])
    ]
    assert rows
    return {
        name: sum(row[name] for row in rows)
        for name in ("total", "done", "ready", "waiting", "failed", "blocked", "shared")
    }


def numbers_of(total, *, done=0, ready=0, shared=0):
    return {
        "total": total,
        "done": done,
        "ready": ready,
        "waiting": total - done - ready,
        "failed": 0,
        "blocked": 0,
        "shared": shared,
    }


def test_the_plan_of_an_empty_workspace(alharness, numbers):
    """Nothing is prepared: how many units there are is known, and none of them yet."""
    before = sorted(alharness.folder.rglob("*"))
    plan, counts = alharness.plan(), numbers()
    for method in ("random", "margin"):
        assert summed(plan, method) == numbers_of(counts.shared + counts.own, shared=counts.shared)
        assert [labels(plan, method, cycle) for cycle in (0, 1)] == [144, 287]
    assert plan["distinct_units"] == numbers_of(counts.distinct(2))
    assert plan["seconds_left"] is None
    (data,) = plan["data"]
    assert (data["dataset"], data["state"], data["n_train"]) == ("digits", "not prepared", 1437)
    assert sorted(alharness.folder.rglob("*")) == before, "plan leaves nothing"


def labels(plan, method, cycle):
    (known,) = {
        row["labels"] for row in plan["units"] if (row["method"], row["cycle"]) == (method, cycle)
    }
    return known


def test_the_plan_of_a_suite_whose_data_is_missing(alharness):
    before = sorted(alharness.folder.rglob("*"))
    finished = alharness.run("plan", "--suite", "cifar", "--plugin", "margin")
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    notes = [line for line in finished.stdout.splitlines() if line.startswith("Data of ")]
    for name, note in zip(("cifar10", "cifar100"), notes, strict=True):
        assert f"Data of {name} ({name}-vgg16): missing" in note
        assert f"{name} is not in 'data'" in note
        assert "Point --data-dir at the folder that holds it, or allow --download." in note
    rows = [line.split("│") for line in finished.stdout.splitlines() if "│ margin" in line]
    assert [row[3].strip() for row in rows] == ["5000", "10000", "15000", "20000"] * 2
    # A tuning of 50 trials and four further seeds, for each of five initial sets.
    assert {row[4].strip() for row in rows} == {f"0 / {5 * (50 + 4)}"}
    assert sorted(alharness.folder.rglob("*")) == before, "plan leaves nothing"


@pytest.mark.slow
def test_a_sampler_added_later_trains_only_what_is_new(compared_before, numbers):
    alharness, counts = compared_before, numbers()
    alharness.suite(compared='["random", "margin", "coreset"]')
    before = alharness.workspace().record_files()

    plan = alharness.plan()
    assert [data["state"] for data in plan["data"]] == ["prepared"]
    for method in ("random", "margin"):
        everything = counts.shared + counts.own
        assert summed(plan, method) == numbers_of(everything, done=everything, shared=counts.shared)
    # The first cycle was trained for all; what can be done now are the new one's queries.
    assert summed(plan, "coreset") == numbers_of(
        counts.shared + counts.own, done=counts.shared, ready=counts.runs, shared=counts.shared
    )
    assert plan["distinct_units"] == numbers_of(
        counts.distinct(3), done=counts.distinct(2), ready=counts.runs
    )
    assert plan["seconds_left"] > 0

    log = alharness.folder / "recorded"
    finished = alharness.bench(RECORDED=log)
    assert finished.returncode == 0, finished.stderr
    after = alharness.workspace().record_files()
    assert {place: after.get(place) for place in before} == before
    assert len(after) == counts.distinct(3)
    assert len(log.read_text().split()) == counts.own
    new = [kind for kind, key in after if (kind, key) not in before]
    assert {kind: new.count(kind) for kind in set(new)} == {
        "trial": counts.trained,
        "evaluation": counts.runs,
        "query": counts.runs,
        "annotation": counts.runs,
    }

    plan = alharness.plan()
    assert plan["distinct_units"] == numbers_of(counts.distinct(3), done=counts.distinct(3))
    assert plan["seconds_left"] == 0


def test_plugin_compares_it_with_the_reference_alone(compared_before, numbers):
    counts = numbers()
    plan = compared_before.plan("--plugin", "coreset", "--plugin", "random")
    assert {row["method"] for row in plan["units"]} == {"random", "coreset"}
    assert plan["distinct_units"] == numbers_of(
        counts.distinct(2), done=counts.distinct(1), ready=counts.runs
    )
    table = compared_before.run("plan", *compared_before.places(), "--plugin", "coreset")
    assert f"{counts.distinct(2)} distinct units: {counts.distinct(1)} done" in table.stdout
    assert table.stderr == ""


@pytest.mark.slow
def test_the_plan_says_that_records_of_0_1_are_computed_again(alharness):
    key = "0" * 32
    record = alharness.workspace().root / "records" / "trial" / key[:2] / f"{key}.json"
    record.parent.mkdir(parents=True)
    inputs = {"seed": {"suite_seed": 0, "purpose": "trial", "cycle": 0}, "labeled": "x"}
    fields = {"schema": 1, "kind": "trial", "key": key, "inputs": inputs, "result": {}, "facts": {}}
    record.write_text(json.dumps(fields))
    (reason,) = alharness.plan()["outdated"]
    assert (reason["kind"], reason["units"]) == ("every kind", 1)
    assert "alharness 0.1 recorded them under other keys" in reason["why"]
    shown = alharness.run("plan", *alharness.places())
    assert "alharness 0.1 recorded them under other keys; its records are kept" in shown.stdout
    assert json.loads(record.read_text()) == fields

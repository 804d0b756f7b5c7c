"""A method that trains the task model along: its row is marked, and its sets are replayed."""

import json

import pytest

HERE = ["--executor", "inline", "--device", "cpu"]
PLAIN = """
[[scenarios]]
name = "digits-plain"
dataset = "digits"
model = { model = "small-cnn", width = 4, features = 16 }
regularizers = []
oracle = "perfect"
replay = "digits-mlp"
"""


@pytest.fixture(scope="module")
def finished(new_alharness, tmp_path_factory):
    command = new_alharness(tmp_path_factory.mktemp("co-trained"))
    command.timeout = 280
    path = command.suite(
        initial_sets=3,
        seeds=1,
        trials=1,
        regularizers="[]",
        model='{ model = "small-cnn", width = 4, features = 16 }',
        compared='["random", "learning-loss"]',
    )
    path.write_text(path.read_text() + PLAIN)
    done = command.bench()
    assert done.returncode == 0, done.stderr
    return command, done


@pytest.mark.slow
def test_both_rows_stand_in_one_report(finished):
    command, done = finished
    workspace = command.workspace()
    source, plain = workspace.report()["scenarios"]
    marks = [
        {row["method"]: row["co_trained"] for row in one["methods"]} for one in (source, plain)
    ]
    assert marks == [
        {"random": False, "learning-loss": True},
        {"random": False, "learning-loss": False},
    ]
    records = {key: json.loads(data) for (_, key), data in workspace.record_files().items()}

    def trials(scenario, method):
        (row,) = (row for row in scenario["methods"] if row["method"] == method)
        keys = [cycle["trial"] for run in row["runs"] for cycle in run["cycles"]]
        return [records[key]["inputs"] for key in keys]

    own, replayed = trials(source, "learning-loss"), trials(plain, "learning-loss")
    assert len(own) == len(replayed) == 6
    for one, other in zip(own, replayed, strict=True):
        assert one["extension"]["name"] == "learning-loss"
        assert other.get("extension") is None
        assert one["labeled"] == other["labeled"]
    for one in (*trials(source, "random"), *trials(plain, "random")):
        assert one.get("extension") is None
    said = " ".join(done.stdout.split())
    assert "learning-loss (co-trained)" in said
    assert "All models are trained plainly" in said
    written = next((workspace.root / "reports").glob("*.md")).read_text()
    first, second = written.split("## digits-plain")
    assert first.count("| learning-loss (co-trained) |") == 1
    assert "co-trained" not in second
    assert "| learning-loss |" in second


@pytest.mark.slow
def test_a_bundle_of_it_is_packed_and_checked(finished):
    command, _ = finished
    for words in (("pack", "--workspace", command.workspace().root), ("check", "tiny.zip")):
        done = command.run_for(280, "bundle", *words)
        assert done.returncode == 0, done.stderr

"""Transfer, for real: a scenario trains on exactly the sets that another one's queries labeled."""

import json
import signal

import numpy as np
import pytest

from alharness import ExitCode

HERE = ["--executor", "inline", "--device", "cpu"]
TARGET = """
[[scenarios]]
name = "digits-target"
dataset = "digits"
model = { model = "mlp", hidden = 8, layers = 1 }
regularizers = []
oracle = { oracle = "noisy", fraction = 0.5 }
replay = "digits-mlp"
"""
KILLS = ("write:20:SIGKILL", "write:45:SIGKILL", "write:70:SIGKILL")


@pytest.fixture(scope="module")
def new_transfer(new_alharness):
    """``new_transfer(folder)``: the command line there, and a suite with a noisy oracle."""

    def make(folder):
        command = new_alharness(folder)
        command.timeout = 280
        path = command.suite(initial_sets=3, seeds=1, trials=2, regularizers='["watched"]')
        text = path.read_text().replace(
            'oracle = "perfect"', 'oracle = { oracle = "noisy", fraction = 0.5 }'
        )
        path.write_text(text + TARGET)
        return command

    return make


@pytest.fixture(scope="module")
def finished(new_transfer, tmp_path_factory):
    """A folder where it was carried out undisturbed. Only to be read."""
    command = new_transfer(tmp_path_factory.mktemp("transfer"))
    done = command.bench()
    assert done.returncode == 0, done.stderr
    return command


def trials(command):
    """Of each scenario and method the labeled sets of its chosen trials, by run and cycle."""
    workspace = command.workspace()
    records = {
        key: json.loads(data)
        for (kind, key), data in workspace.record_files().items()
        if kind == "trial"
    }
    return {
        scenario["scenario"]: {
            (row["method"], run["initial_set"], run["seed"]): [
                records[cycle["trial"]]["inputs"]["labeled"] for cycle in run["cycles"]
            ]
            for row in scenario["methods"]
            for run in row["runs"]
        }
        for scenario in workspace.report()["scenarios"]
    }


@pytest.mark.slow
def test_its_runs_train_on_their_sources_sets_and_nothing_is_queried_for_them(finished):
    found = trials(finished)
    assert found["digits-target"] == found["digits-mlp"]
    assert len(found["digits-target"]) == 2 * 3
    assert {len(cycles) for cycles in found["digits-target"].values()} == {2}
    sets = [tuple(cycles[-1]) for cycles in found["digits-target"].values()]
    assert len(set(sets)) == 6, "two methods or two runs labeled the same"
    kinds = [kind for kind, _ in finished.workspace().record_files()]
    assert kinds.count("query") == kinds.count("annotation") == 6
    source, target = finished.workspace().report()["scenarios"]
    assert (source["replay"], target["replay"]) == (None, "digits-mlp")
    for row in target["methods"]:
        assert np.isfinite(np.array(row["accuracy"], dtype=float)).all()


@pytest.mark.slow
def test_killed_again_and_again_it_ends_as_an_undisturbed_one(finished, new_transfer, tmp_path):
    command = new_transfer(tmp_path)
    for kill in KILLS:
        assert command.bench(DISTURBANCE=kill).returncode == -signal.SIGKILL
    done = command.bench()
    assert done.returncode == 0, done.stderr
    assert command.workspace().results() == finished.workspace().results()
    assert trials(command) == trials(finished)


@pytest.mark.slow
def test_asked_for_alone_it_brings_its_source(finished, new_transfer, tmp_path):
    command = new_transfer(tmp_path)
    done = command.bench("--scenario", "digits-target")
    assert done.returncode == 0, done.stderr
    assert "digits-target replays the labeled sets of digits-mlp, which is benched with it" in (
        " ".join(done.stderr.split())
    )
    assert command.workspace().results() == finished.workspace().results()


@pytest.mark.slow
def test_what_is_made_of_it(finished, new_transfer, tmp_path):
    """A bundle that is packed, checked, verified and taken over; statistics; a site."""
    command = new_transfer(tmp_path)
    root = finished.workspace().root

    def run(*words):
        done = command.run_for(280, *words)
        assert done.returncode == ExitCode.DONE, f"{words}\n{done.stdout}\n{done.stderr}"
        return " ".join(done.stdout.split())

    run("bundle", "pack", "--workspace", root, "--weights")
    run("bundle", "check", "tiny.zip")
    plugins = ["--plugin-file", command.disturbance]
    verified = run("bundle", "verify", "tiny.zip", "--units", 8, "--seed", 1, *plugins, *HERE)
    assert "0 within tolerance, 0 do not" in verified
    run("bundle", "merge", "tiny.zip", "--workspace", "other", "--units", 1, *plugins, *HERE)
    planned = command.plan(workspace="other")["distinct_units"]
    assert planned["done"] == planned["total"]
    assert "trained on the labeled sets of digits-mlp" in run("stats", root)
    run("leaderboard", "build", "tiny.zip", "--out", "site")
    pages = [path.read_text() for path in (tmp_path / "site").rglob("*.html")]
    assert any("replays the labeled sets that digits-mlp queried" in page for page in pages)

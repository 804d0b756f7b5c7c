"""A plugin as a third party ships it: built, installed by pip, found by the command line."""

import importlib.util
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent / "my_new_sampler"


@pytest.fixture(scope="module")
def installed_plugin(tmp_path_factory):
    """A folder with the installed distribution; nothing else on the machine changes."""
    # Built from a copy: a build backend may write into the project's folder.
    project = tmp_path_factory.mktemp("project") / PROJECT.name
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    offline = ["--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, *offline, "--target", str(target), str(project)], check=True)
    return target


@pytest.fixture(scope="module")
def alharness_command(installed_plugin):
    """Runs ``alharness`` in a process of its own, with the plugin installed."""
    path = os.pathsep.join(filter(None, [str(installed_plugin), os.environ.get("PYTHONPATH")]))

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "alharness.cli.main", *arguments],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def test_plugins_list_shows_it_with_distribution_and_version(alharness_command):
    finished = alharness_command("plugins", "list", "--json")
    assert finished.returncode == 0, finished.stderr
    (mine,) = [
        one for one in json.loads(finished.stdout)["plugins"] if one["name"] == "my_new_sampler"
    ]
    assert (mine["kind"], mine["plugin"]) == ("sampler", "my_new_sampler")
    assert (mine["distribution"], mine["version"]) == ("my-new-sampler", "0.1")
    assert not mine["conflict"]


def test_plugins_show_describes_it(alharness_command):
    finished = alharness_command("plugins", "show", "my_new_sampler")
    assert finished.returncode == 0, finished.stderr
    assert "my_new_sampler:LeastMargin" in finished.stdout
    assert "Scheffer" in finished.stdout


@pytest.fixture(scope="module")
def benched(tmp_path_factory, new_alharness, installed_plugin):
    """A bench that compares it with the suite's reference."""
    command = new_alharness(tmp_path_factory.mktemp("benched"))
    command.suite(initial_sets=3, seeds=1)
    command.outcome = command.bench("--plugin", "my_new_sampler", path=installed_plugin)
    assert command.outcome.returncode == 0, command.outcome.stderr
    return command


def test_bench_compares_it_with_the_reference(benched, numbers):
    assert "my_new_sampler" in benched.outcome.stdout
    reference, mine = benched.workspace().report()["scenarios"][0]["methods"]
    assert (reference["method"], mine["method"]) == ("random", "my_new_sampler")
    sampler = mine["sampler"]
    assert (sampler["distribution"], sampler["version"]) == ("my-new-sampler", "0.1")
    assert {run["state"] for run in mine["runs"]} == {"done"}
    findings = benched.workspace().report()["findings"]["digits-mlp"]["methods"]
    assert findings["my_new_sampler"]["sentence"]
    counts = numbers(initial_sets=3, seeds=1)
    assert len(benched.workspace().record_files()) == counts.distinct(2)


def test_its_queries_name_it_with_distribution_and_source(benched):
    queries = [
        json.loads(data)["facts"]["plugins"]
        for (kind, _), data in benched.workspace().record_files().items()
        if kind == "query"
    ]
    samplers = [one for plugins in queries for one in plugins if one["kind"] == "sampler"]
    mine = [one for one in samplers if one["name"] == "my_new_sampler"]
    assert len(mine) == 3
    assert {(one["distribution"], one["version"]) for one in mine} == {("my-new-sampler", "0.1")}
    (source,) = {one["source"] for one in mine}
    mine = benched.workspace().report()["scenarios"][0]["methods"][1]
    assert source == mine["sampler"]["source"]


@pytest.mark.skipif(
    importlib.util.find_spec("alharness.tracking.mlflow_tracker") is None,
    reason="runs are not tracked yet",
)
def test_its_runs_are_in_mlflow(benched):
    with sqlite3.connect(benched.workspace().root / "mlflow.db") as database:
        experiments = [name for (name,) in database.execute("SELECT name FROM experiments")]
        runs = [name for (name,) in database.execute("SELECT name FROM runs")]
    assert "tiny" in experiments
    for initial_set in range(3):
        assert any(f"my_new_sampler/{initial_set}/0" in name for name in runs), runs


def test_nothing_leaks_into_the_environment(installed_plugin):
    finished = subprocess.run(
        [sys.executable, "-m", "alharness.cli.main", "plugins", "show", "my_new_sampler"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 2, finished.stdout

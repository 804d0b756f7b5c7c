"""Two benches at once in one workspace do not disturb each other."""

import os
import subprocess
from collections import Counter

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def witnessed(alharness):
    alharness.disturbance = alharness.disturbance.with_name("witness.py")
    alharness.suite("margin.toml")
    alharness.suite("coreset.toml", compared='["random", "margin", "coreset"]')
    return alharness


def test_both_finish_as_one_alone_would(witnessed, numbers):
    alone = witnessed.bench(suite="coreset.toml", workspace="alone")
    assert alone.returncode == 0, alone.stderr
    log = witnessed.folder / "log"
    processes = [
        subprocess.Popen(
            witnessed.command(
                *witnessed.bench_arguments("--executor", "local", "--jobs", "1", suite=suite)
            ),
            cwd=witnessed.folder,
            env=witnessed.environment(WITNESS=log),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for suite in ("margin.toml", "coreset.toml")
    ]
    for process in processes:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr
    workspace = witnessed.workspace()
    assert workspace.results() == witnessed.workspace("alone").results()
    assert len(workspace.results()) == numbers().distinct(methods=3)
    assert not (workspace.root / "failures").exists()
    assert not (workspace.root / "damaged").exists()
    executed = Counter(
        line.split()[2] for line in log.read_text().splitlines() if line.startswith("start")
    )
    assert executed.keys() == {key for _, key in workspace.results()}
    assert max(executed.values()) <= 2, "a bench computed a unit twice"


TIMES = int(os.environ.get("ALHARNESS_TEST_TWO_BENCHES", "1"))
"""How often two benches are tried together; more finds rarer races."""


def logged(workspace):
    """Of every run in MLflow, by key: params, metrics (times aside) and where it is nested."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{workspace.root}/mlflow.db")
    experiment = client.get_experiment_by_name("tiny")
    runs = client.search_runs([experiment.experiment_id], max_results=5000)
    keys = {run.info.run_id: run.data.tags["alharness.key"] for run in runs}
    assert len(set(keys.values())) == len(runs), "a key is logged twice"
    return {
        keys[run.info.run_id]: (
            run.info.run_name,
            run.info.status,
            run.data.params,
            {
                metric: [(one.step, one.value) for one in history]
                for metric in run.data.metrics
                if (history := client.get_metric_history(run.info.run_id, metric))
            },
            keys.get(run.data.tags.get("mlflow.parentRunId")),
            {
                name: value
                for name, value in run.data.tags.items()
                if name.startswith("alharness.") and name != "alharness.state"
            },
        )
        for run in runs
    }


@pytest.mark.parametrize("time", range(TIMES))
def test_what_two_at_once_log_is_what_one_alone_logs(time, alharness):
    """The same suite twice, in a workspace without a database: both make it, both log it."""
    alharness.empty_database = None
    alone = alharness.bench(workspace="alone")
    assert alone.returncode == 0, alone.stderr
    arguments = alharness.bench_arguments("--executor", "local", "--jobs", "1")
    processes = [
        subprocess.Popen(
            alharness.command(*arguments),
            cwd=alharness.folder,
            env=alharness.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr
        assert "logged" not in stderr
        assert "refused" not in stderr
    together, alone = alharness.workspace(), alharness.workspace("alone")
    assert together.results() == alone.results()
    assert not (together.root / "damaged").exists()
    assert logged(together) == logged(alone)

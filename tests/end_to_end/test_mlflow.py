"""A bench in MLflow: its own database, a real server, and servers that are not there."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

SUITE = """
schema = 1
name = "tiny"
version = 1
title = "A tiny suite"
[protocol]
initial_sets = 2
seeds = 1
initial_fraction = 0.1
query_fraction = 0.1
final_fraction = 0.3
validation_fraction = 0.1
[tuning]
trials = 2
scope = "per-initial-set"
[tuning.space]
learning-rate = { log = [1e-3, 1e-2] }
batch-size = [32, 64]
optimizer = ["adam"]
[training]
epochs = 2
[methods]
compared = ["random", "margin"]
[[scenarios]]
name = "digits-mlp"
dataset = "digits"
model = "mlp"
regularizers = []
oracle = "perfect"
"""
SHARED, OWN, RUNS, METHODS = 2 * 2, 2 * 2 * 2 * 2, 2 * 2, 2
"""Initial sets x trials; methods x initial sets x later cycles x trials; methods x initial sets."""


class Logged:
    """What is in the experiment of the tiny suite."""

    def __init__(self, uri: str) -> None:
        from mlflow import MlflowClient

        client = MlflowClient(uri)
        experiment = client.get_experiment_by_name("tiny")
        self.runs = list(client.search_runs([experiment.experiment_id]) if experiment else [])
        self.artifacts = experiment.artifact_location if experiment else None
        self.names = {run.info.run_id: run.info.run_name for run in self.runs}

    def kind(self, kind: str) -> list:
        return [run for run in self.runs if run.data.tags["alharness.kind"] == kind]

    def below(self, part: str) -> list:
        return [
            run
            for run in self.kind("trial")
            if part in self.names[run.data.tags["mlflow.parentRunId"]]
        ]

    def ids(self) -> set[str]:
        return set(self.names)

    def require_complete(self) -> None:
        keys = [run.data.tags["alharness.key"] for run in self.runs]
        assert len(keys) == len(set(keys))
        assert len(self.below("shared/")) == SHARED
        assert len(self.kind("trial")) == SHARED + OWN
        assert len(self.kind("run")) == RUNS
        assert len(self.kind("method")) == METHODS
        assert {run.info.status for run in self.runs} == {"FINISHED"}
        for run in self.kind("run"):
            assert 0 <= run.data.metrics["test_accuracy"] <= 1
            assert run.data.tags["alharness.trial.0"] in keys
        for run in self.kind("method"):
            assert 0 <= run.data.metrics["test_accuracy"] <= 1
            assert run.data.tags["alharness.verdict"] in ("reference", "not testable")


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the tiny suite in the workspace ``w``, from a folder of its own."""
    (tmp_path / "tiny.toml").write_text(SUITE)
    cwd = tmp_path / "cwd"
    cwd.mkdir()

    def run(*options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MLFLOW_", "ALHARNESS_"))
        }
        command = ["bench", "--suite", "../tiny.toml", "--workspace", "../w", "--device", "cpu"]
        return subprocess.run(
            [sys.executable, "-m", "alharness.cli.main", *command, *options],
            cwd=cwd, env=environment | variables, capture_output=True, text=True, timeout=240,
        )  # fmt: skip

    return run


@contextmanager
def mlflow_server(folder: Path, port: int) -> Iterator[str]:
    """A real server on loopback, with its own database."""
    folder.mkdir(exist_ok=True)
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/server.db",
        "--artifacts-destination", str(folder / "artifacts"),
    ]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=folder, env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"},
        stdout=(folder / "log").open("wb"), stderr=subprocess.STDOUT,
    )  # fmt: skip
    uri = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            try:
                if urlopen(f"{uri}/health", timeout=5).status == 200:
                    break
            except OSError:
                time.sleep(0.2)
        yield uri
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_bench_is_in_the_database_of_its_workspace(bench, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/w/mlflow.db"
    first = bench()
    assert first.returncode == 0, first.stderr
    assert "INFO" not in first.stderr
    assert "MLflow" not in first.stderr
    before = Logged(uri)
    before.require_complete()
    assert before.artifacts == (tmp_path / "w" / "mlartifacts" / "tiny").as_uri()
    assert not list((tmp_path / "cwd").iterdir())


@pytest.mark.slow
def test_runs_are_logged_once_and_again_where_the_database_is_lost(bench, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/w/mlflow.db"
    assert bench().returncode == 0
    before = Logged(uri)
    again = bench()
    assert again.returncode == 0, again.stderr
    assert Logged(uri).ids() == before.ids()

    (tmp_path / "w" / "mlflow.db").unlink()
    assert bench().returncode == 0
    Logged(uri).require_complete()


@pytest.mark.slow
def test_an_unusable_uri_is_refused_before_anything_is_trained(bench, tmp_path: Path) -> None:
    refused = bench(MLFLOW_TRACKING_URI="file:///tmp/mlruns")
    assert refused.returncode == 2
    assert "cannot be tracked to" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "w" / "records").exists()


@pytest.mark.slow
def test_a_server_has_the_trials_and_what_it_missed_comes_later(bench, tmp_path: Path) -> None:
    port = free_port()
    down = bench("--tracking-uri", f"http://127.0.0.1:{port}")
    assert down.returncode == 0, down.stderr
    (line,) = [line for line in down.stderr.splitlines() if "logged" in line]
    runs = SHARED + OWN + 2 + RUNS + METHODS
    assert line.startswith(f"{runs} MLflow runs were not logged to http://127.0.0.1:{port} (")
    assert line.endswith("run the same command again to log them")
    assert not (tmp_path / "w" / "mlflow.db").exists()

    with mlflow_server(tmp_path / "server", port) as uri:
        again = bench(MLFLOW_TRACKING_URI=uri)
        assert again.returncode == 0, again.stderr
        assert "logged" not in again.stderr
        before = Logged(uri)
        before.require_complete()
        trial = before.below("margin/1/0")[0]
        assert trial.data.params["initial_set"] == "1"
        assert {"training_loss", "validation_accuracy"} <= set(trial.data.metrics)

        third = bench("--tracking-uri", uri, MLFLOW_TRACKING_URI="http://127.0.0.1:9")
        assert third.returncode == 0, third.stderr
        assert Logged(uri).ids() == before.ids()


@pytest.mark.slow
def test_a_server_that_never_answers_does_not_keep_the_bench(bench, tmp_path: Path) -> None:
    began = time.monotonic()
    assert bench().returncode == 0
    usual = time.monotonic() - began
    for folder in ("records", "checkpoints"):
        subprocess.run(["rm", "-r", tmp_path / "w" / folder], check=True)

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        hung = bench("--tracking-uri", uri)
        took = time.monotonic() - began
    assert hung.returncode == 0, hung.stderr
    (line,) = [line for line in hung.stderr.splitlines() if "not logged" in line]
    assert uri in line
    assert took < 2 * usual + 15

"""A bench on features: trials that travel together leave what each leaves alone, killed or not."""

import os
import signal
import subprocess
import time

import pytest

MANY = {
    "regularizers": '["weight-decay"]',
    "compared": '["random", "margin", "qbc"]',
    "trials": 3,
    "epochs": 5,
}
MODELS = {
    "linear": '"linear"',
    "mlp": '{ model = "mlp", hidden = 8, layers = 1, dropout = 0.5 }',
}


@pytest.fixture
def on_features(alharness):
    """Writes the tiny suite so that it trains on pixels as features."""

    def write(model, **changes):
        path = alharness.suite(**{**MANY, **changes}, model=MODELS[model])
        path.write_text(path.read_text() + 'representation = "raw"\n')
        alharness.timeout = 240
        return alharness

    return write


def trials(workspace):
    return len(list(workspace.root.glob("records/trial/*/*.json")))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "changes"),
    [("linear", {}), ("mlp", {}), ("mlp", {"warm_start": "true", "final_fraction": 0.3})],
)
def test_together_as_alone(on_features, model, changes):
    """Warm, members of committees go on from their own weights."""
    alharness = on_features(model, **changes)
    assert alharness.bench(workspace="alone").returncode == 0
    together = alharness.bench("--executor", "local:jobs=2", workspace="together")
    assert together.returncode == 0, together.stderr
    alone, together = (alharness.workspace(name).results() for name in ("alone", "together"))
    assert alone == together
    assert {kind for kind, _ in alone} >= {"trial", "representation", "query", "evaluation"}
    if changes:
        assert alharness.workspace("together").require_started_where_parents_ended()


@pytest.mark.slow
def test_killed_between_companies(on_features):
    """The same command goes on, and gives what an undisturbed bench gives."""
    alharness = on_features("linear")
    assert alharness.bench(workspace="undisturbed").returncode == 0
    arguments = alharness.bench_arguments("--executor", "local:jobs=2", workspace="killed")
    killed = alharness.workspace("killed")
    kills = 0
    for enough in (1, 40):
        process = subprocess.Popen(
            alharness.command(*arguments),
            cwd=alharness.folder,
            env=alharness.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while trials(killed) < enough and process.poll() is None:
            time.sleep(0.02)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
    assert kills
    finished = alharness.run(*arguments)
    assert finished.returncode == 0, finished.stderr
    assert killed.results() == alharness.workspace("undisturbed").results()

"""Two benches at once in one workspace do not disturb each other."""

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

"""A bench that is stopped, or killed, and run again ends as an undisturbed one does."""

import os
import shutil
import signal
import subprocess
import time

import numpy as np
import pytest

from alharness import ExitCode

SEEDS = int(os.environ.get("ALHARNESS_TEST_INTERRUPTED_BENCHES", "2"))
"""How many benches are interrupted four times each; 6 were, too."""


@pytest.fixture
def disturbed(alharness):
    """Runs the bench with a disturbance; what was recorded before must stay as it is."""
    log = alharness.folder / "recorded"

    def bench(disturbance=""):
        before = alharness.workspace().record_files()
        finished = alharness.bench(DISTURBANCE=disturbance, RECORDED=log)
        after = alharness.workspace().record_files()
        # Bytes, and with them the times: nothing recorded was written again.
        assert {place: after.get(place) for place in before} == before
        finished.recorded = len(after) - len(before)
        return finished

    bench.log = log
    return bench


def stopped_well(finished):
    assert finished.returncode == ExitCode.STOPPED, finished.stderr
    assert "run the same command to go on" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert finished.stdout == ""
    return True


def disturbances(seed):
    """Stops within trials, then kills around writes of files, at instants drawn from the seed."""
    rng = np.random.default_rng(seed)
    yield f"batch:{rng.integers(1, 30)}:SIGINT,SIGINT", ExitCode.STOPPED
    yield f"write:{rng.integers(1, 60)}:SIGKILL", -signal.SIGKILL
    yield f"batch:{rng.integers(1, 30)}:SIGTERM", ExitCode.STOPPED
    yield f"write:{rng.integers(1, 60)}:SIGKILL", -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_interrupted_again_and_again_it_ends_as_an_undisturbed_bench(
    disturbed, finished_bench, alharness, numbers, seed
):
    undisturbed = finished_bench.workspace()
    for disturbance, code in disturbances(seed):
        finished = disturbed(disturbance)
        assert finished.returncode == code, f"{disturbance}: {finished.stderr}"
        assert code != ExitCode.STOPPED or stopped_well(finished)
    last = disturbed()
    assert last.returncode == 0, last.stderr
    assert last.recorded > 0, "the disturbances came too late to disturb anything"
    assert alharness.workspace().results() == undisturbed.results()
    assert alharness.workspace().found() == undisturbed.found()
    assert len(undisturbed.results()) == numbers().distinct(methods=2)
    recorded = disturbed.log.read_text().split()
    assert len(set(recorded)) == len(recorded), "a unit was computed though it was recorded"


@pytest.mark.slow
def test_what_is_finished_is_not_run_again(finished_bench, alharness):
    before = finished_bench.workspace().record_files()
    shutil.copytree(finished_bench.workspace().root, alharness.workspace().root)
    again = alharness.bench("--json")
    assert again.returncode == 0, again.stderr
    assert again.stdout == finished_bench.stdout
    assert alharness.workspace().record_files() == before


@pytest.mark.slow
def test_an_impatient_user(alharness, finished_bench):
    """Ctrl-C, kept down until the process ends, from wherever it happens to be."""
    with subprocess.Popen(
        alharness.command(*alharness.bench_arguments()),
        cwd=alharness.folder,
        env=alharness.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 60
        while not alharness.workspace().record_files() and time.monotonic() < deadline:
            time.sleep(0.01)
        while process.poll() is None and time.monotonic() < deadline:
            process.send_signal(signal.SIGINT)
            time.sleep(0.01)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == ExitCode.STOPPED, stderr
    assert "run the same command to go on" in stderr
    assert "Traceback" not in stderr
    assert stdout == ""
    results, everything = alharness.workspace().results(), finished_bench.workspace().results()
    assert results == {place: everything[place] for place in results}


ENDLESS = """
import pathlib
import time

import alharness


class Endless(alharness.Dataset):
    def load(self, root, download):
        pathlib.Path("loading").touch()
        while True:
            time.sleep(0.01)


@alharness.hookimpl
def alharness_datasets():
    yield alharness.DatasetSpec("endless", Endless, summary="Its load never returns")
"""


def test_stopped_before_it_computes_anything(alharness):
    """A signal while the command still reads its data."""
    (alharness.folder / "endless.py").write_text(ENDLESS)
    suite = alharness.suite(dataset='"endless"')
    process = subprocess.Popen(
        alharness.command(*alharness.bench_arguments(suite=suite), "--plugin-file", "endless.py"),
        cwd=alharness.folder,
        env=alharness.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        deadline = time.monotonic() + 60
        while not (alharness.folder / "loading").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == ExitCode.STOPPED, stderr
    assert stderr.startswith("Stopped."), stderr
    assert stdout == ""

"""Nothing stands still for ever: what hangs, dies or leaves children behind ends in its own runs.

Every plugin here does so in a real bench with the local executor; the reference's runs are those
of an undisturbed bench.
"""

import json
import subprocess
import time

import psutil
import pytest

from alharness import ExitCode

PLUGINS = '''
import os
import signal
import stat
import sys
import time
from pathlib import Path

import alharness

def sockets():
    for fd in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                yield fd
        except OSError:
            pass


def leave_a_child(session):
    """One that holds every pipe, and outlives who made it; its number."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        if session:
            os.setsid()
            if os.fork():
                os._exit(0)
        os.write(writing, str(os.getpid()).encode())
        time.sleep(600)
        os._exit(0)
    return int(os.read(reading, 20))


def note(child):
    with Path(os.environ["LEFT"]).open("a") as left:
        left.write(f"{child}\\n")


class Half(alharness.Sampler):
    def query(self, pool, budget, rng):
        for fd in sockets():
            os.write(fd, b'{"answer": [1, 2')
        time.sleep(600)


class Garbage(alharness.Sampler):
    def query(self, pool, budget, rng):
        for fd in sockets():
            os.write(fd, b"\\0\\1\\2\\n")
        time.sleep(600)


class Forged(alharness.Sampler):
    def query(self, pool, budget, rng):
        for fd in sockets():
            os.write(fd, b'{"error": 5}\\n')
        time.sleep(600)


class Sleeps(alharness.Sampler):
    def query(self, pool, budget, rng):
        time.sleep(600)


class Closes(alharness.Sampler):
    def query(self, pool, budget, rng):
        for fd in sockets():
            os.close(fd)
        time.sleep(600)


class Busy(alharness.Sampler):
    """Works for longer than it may be silent."""

    def query(self, pool, budget, rng):
        until = time.monotonic() + 14
        while time.monotonic() < until:
            pass
        return rng.permutation(pool.n_unlabeled)[:budget]


class Leaves(alharness.Sampler):
    """Answers well, and leaves children in sessions of their own."""

    def query(self, pool, budget, rng):
        self.notes = {"child": leave_a_child(session=True)}
        return rng.permutation(pool.n_unlabeled)[:budget]


class InTrial(alharness.Regularizer):
    """``what`` happens in a batch of a trial, not in the first pass of two images."""

    def __init__(self, what):
        self.what = what

    def augment(self, images, generator):
        if len(images) > 2:
            getattr(self, self.what)()
        return images

    def dies(self):
        note(leave_a_child(session=False))
        os.kill(os.getpid(), signal.SIGKILL)

    def dies_alone(self):
        note(leave_a_child(session=True))
        os.kill(os.getpid(), signal.SIGKILL)

    def sleeps(self):
        time.sleep(600)

    def dawdles(self):
        time.sleep(4)


class FirstPass(InTrial):
    def augment(self, images, generator):
        getattr(self, self.what)()


@alharness.hookimpl
def alharness_samplers():
    for one in (Half, Garbage, Forged, Sleeps, Closes, Busy, Leaves):
        yield alharness.SamplerSpec(one.__name__.lower(), one)


@alharness.hookimpl
def alharness_regularizers():
    yield alharness.RegularizerSpec("trial:", InTrial)
    yield alharness.RegularizerSpec("first:", FirstPass)
'''

SMALL = {"initial_sets": 1, "seeds": 1, "trials": 1}


@pytest.fixture
def hanging(alharness, tmp_path_factory):
    """Runs a bench of the hanging plugins within so many seconds; nothing is left behind."""
    file = alharness.folder / "hanging.py"
    file.write_text(PLUGINS)
    # What stood beside the plugin's file would be part of it.
    left = tmp_path_factory.mktemp("left") / "left"

    def bench(*arguments, within, **changes):
        alharness.suite(**SMALL | changes)
        options = ["--plugin-file", file, "--executor", "local", "--jobs", "1", "--json"]
        begun = time.monotonic()
        finished = alharness.bench(*options, *arguments, LEFT=left)
        assert time.monotonic() - begun < within
        assert "Traceback" not in finished.stderr
        noted = [int(line) for line in left.read_text().split()] if left.exists() else []
        records = map(json.loads, alharness.workspace().record_files().values())
        facts = [record["facts"] for record in records]
        noted += [one["notes"]["child"] for one in facts if "child" in one.get("notes", {})]
        assert not [pid for pid in noted if alive(pid)]
        finished.left, finished.workspace = noted, alharness.workspace()
        return finished

    return bench


def alive(pid):
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return True
        time.sleep(0.05)
    return False


def states(finished):
    rows = json.loads(finished.stdout)["scenarios"][0]["methods"]
    return {row["method"]: {run["state"] for run in row["runs"]} for row in rows}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sampler", "options", "said"),
    [
        ("half", ["--query-timeout", "5"], "no answer within 5 s (--query-timeout)"),
        ("sleeps", ["--silence", "20"], "no sign of life for 20 s (--silence)"),
        ("garbage", [], "what it sent is no answer"),
        ("forged", [], "what it sent is no answer"),
        ("closes", [], "its process ended by SIGKILL"),
    ],
)
def test_a_query_that_hangs_ends_in_its_own_runs(hanging, sampler, options, said):
    finished = hanging(*options, within=120, compared=f'["random", "{sampler}"]')
    assert finished.returncode == ExitCode.UNITS_FAILED, finished.stderr
    (failure,) = json.loads(finished.stdout)["failures"]
    assert f"sampler '{sampler}' ((file) -)" in failure
    assert said in failure
    assert states(finished) == {"random": {"done"}, sampler: {"failed"}}


@pytest.mark.slow
def test_what_takes_longer_than_it_may_be_silent_goes_on(hanging):
    """Three batches or more of four seconds each, and a query of fourteen seconds."""
    finished = hanging(
        "--silence",
        "11",
        within=250,
        compared='["random", "busy"]',
        regularizers='["trial:dawdles"]',
    )
    assert finished.returncode == ExitCode.DONE, finished.stderr
    records = map(json.loads, finished.workspace.record_files().values())
    longest = {one["kind"]: one["facts"]["seconds"] for one in records}
    assert longest["trial"] > 11
    assert states(finished) == {"random": {"done"}, "busy": {"done"}}


@pytest.mark.slow
def test_what_a_sampler_leaves_behind_ends_with_its_query(hanging):
    finished = hanging(within=90, compared='["random", "leaves"]')
    assert finished.returncode == ExitCode.DONE, finished.stderr
    assert finished.left


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "options", "said"),
    [
        ("dies", [], "its process ended by SIGKILL"),
        ("dies_alone", [], "its process ended by SIGKILL"),
        ("sleeps", ["--silence", "3"], "no sign of life for 3 s (--silence)"),
        ("sleeps", ["--trial-timeout", "4"], "no answer within 4 s (--trial-timeout)"),
        ("sleeps", ["--trial-memory", "50"], "more than 50 (--trial-memory)"),
    ],
)
def test_a_trial_that_hangs_or_dies_ends_in_its_own_runs(hanging, what, options, said):
    finished = hanging(*options, within=90, compared='["random"]', regularizers=f'["trial:{what}"]')
    assert finished.returncode == ExitCode.UNITS_FAILED, finished.stderr
    failures = json.loads(finished.stdout)["failures"]
    assert [failure for failure in failures if failure.startswith("trial")]
    assert all(said in failure for failure in failures), failures
    assert len(finished.left) == (2 if "dies" in what else 0), "it is tried twice"


@pytest.mark.slow
def test_a_first_pass_that_dies_is_one_line(hanging):
    finished = hanging(within=60, regularizers='["first:dies"]')
    assert finished.returncode == ExitCode.PLUGIN, finished.stderr
    assert "scenario 'digits-mlp': model 'mlp'" in finished.stderr
    assert "regularizer 'first:dies' ((file) -): its process ended by SIGKILL" in finished.stderr


@pytest.mark.slow
def test_a_killed_fork_server_costs_a_retry_and_no_result(alharness, finished_bench):
    """It is killed three times, each so late after the last that no unit meets two of them."""
    process = subprocess.Popen(
        alharness.command(*alharness.bench_arguments("--executor", "local", "--jobs", "2")),
        cwd=alharness.folder,
        env=alharness.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    killed, seen = 0, 0
    while process.poll() is None and killed < 3:
        records = len(list((alharness.folder / "workspace").glob("records/*/*/*.json")))
        if records >= seen + 12:
            seen = records
            for server in fork_servers(process.pid):
                server.kill()
                killed += 1
        time.sleep(0.02)
    _, stderr = process.communicate(timeout=120)
    assert killed == 3
    assert process.returncode == ExitCode.DONE, stderr
    assert alharness.workspace().results() == finished_bench.workspace().results()


def fork_servers(pid):
    found = []
    for child in psutil.Process(pid).children():
        try:
            if any("multiprocessing.forkserver" in part for part in child.cmdline()):
                found.append(child)
        except psutil.Error:
            pass
    return found

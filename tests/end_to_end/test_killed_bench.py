"""A bench whose processes are killed, again and again, ends as an undisturbed one does."""

import json
import os
import subprocess
import time
from typing import NamedTuple

import numpy as np
import psutil
import pytest

WITNESS = "witness.py"
ROUNDS = int(os.environ.get("ALHARNESS_TEST_ROUNDS_OF_KILLS", "3"))
"""How often a worker and then the coordinator are killed; 16 were, too."""
SUITE = {"seeds": 3, "trials": 3, "epochs": 4, "final_fraction": 0.40}
CYCLES = 4
WORKERS_DIE_WITHIN = 5
AIMED = 0.5
"""The share of kills that look for a trial; the others hit whatever is there."""


class Event(NamedTuple):
    name: str
    kind: str
    key: str
    pid: int


class Log:
    """What the witness wrote."""

    def __init__(self, path):
        self.path = path

    def events(self):
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return [Event(name, kind, key, int(pid)) for name, kind, key, pid in map(str.split, lines)]

    def in_trial(self):
        """The processes that began a trial and did not end it."""
        last = {event.pid: event for event in self.events()}
        return {
            pid for pid, event in last.items() if (event.name, event.kind) == ("start", "trial")
        }


def leads_session(process):
    try:
        return os.getsid(process.pid) == process.pid
    except ProcessLookupError:
        return False


class KilledBench:
    """One bench, started as often as its coordinator is killed."""

    def __init__(self, alharness, seed):
        self.alharness = alharness
        self.log = Log(alharness.folder / "log")
        self.rng = np.random.default_rng(seed)
        self.process = None
        self.kills = []
        self.during_trials = 0
        # Of each record: its bytes and time of change; and how long the log was when it was there.
        self.seen = {}
        self.recorded_at = {}

    def start(self):
        alharness = self.alharness
        self.process = subprocess.Popen(
            alharness.command(*alharness.bench_arguments("--executor", "local", "--jobs", "2")),
            cwd=alharness.folder,
            env=alharness.environment(WITNESS=self.log.path, PAUSE=0.02),
            stdout=subprocess.DEVNULL,
            stderr=(alharness.folder / "stderr").open("a"),
        )

    def await_progress(self):
        """Wait for a new record, then for a moment drawn at random."""
        before, deadline = self.n_records(), time.monotonic() + 60
        while self.n_records() == before:
            assert self.process.poll() is None, f"the bench ended after {len(self.kills)} kills"
            assert time.monotonic() < deadline, "no progress"
            time.sleep(0.01)
        time.sleep(self.rng.uniform(0, 0.4))
        if self.rng.random() < AIMED:
            self.await_trial()

    def await_trial(self):
        """Wait until a worker is in a trial, if one comes to it at all."""
        deadline = time.monotonic() + 2
        while not self.log.in_trial() and time.monotonic() < deadline:
            time.sleep(0.005)

    def kill_worker(self):
        """Kill one worker process, and see that it died in a trial, if it did."""
        workers = sorted(self.workers(), key=lambda process: process.pid)
        training = [worker for worker in workers if worker.pid in self.log.in_trial()]
        candidates = training if training and self.rng.random() < AIMED else workers
        victim = candidates[self.rng.integers(len(candidates))]
        self._kill(victim, lambda: psutil.wait_procs([victim], timeout=10), {victim.pid})

    def kill_coordinator(self):
        """Kill the process that was started, nothing else; its workers must notice."""
        workers = {process.pid for process in self.workers()}
        self._kill(psutil.Process(self.process.pid), self.await_silence, workers)
        assert self.process.wait() == -9

    def _kill(self, victim, await_death, concerned):
        before = self.log.in_trial()
        victim.kill()
        await_death()
        self.kills.append(victim.pid)
        self.during_trials += bool(before & self.log.in_trial() & concerned)
        self.note_records()

    def await_silence(self):
        deadline = time.monotonic() + WORKERS_DIE_WITHIN
        while left := self.processes():
            assert time.monotonic() < deadline, f"they outlive their coordinator: {left}"
            time.sleep(0.02)

    def workers(self):
        """Those of the processes that lead a session of their own."""
        return [process for process in self.processes() if leads_session(process)]

    def processes(self):
        """Workers and what they are forked from: by the environment, without the tracker."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process):
        try:
            return (
                process.environ().get("WITNESS") == str(self.log.path)
                and process.pid != self.process.pid
                and "alharness.tracking.mlflow_process" not in process.cmdline()
            )
        except (psutil.Error, OSError):
            return False

    def n_records(self):
        return sum(1 for _ in self.alharness.workspace().root.glob("records/*/*/*.json"))

    def note_records(self):
        for path in self.alharness.workspace().root.glob("records/*/*/*.json"):
            if path not in self.seen:
                self.seen[path] = (path.read_bytes(), path.stat().st_mtime_ns)
        length = len(self.log.events())
        for path in self.seen:
            self.recorded_at.setdefault(path.stem, length)

    def finish(self):
        code = self.process.wait(timeout=120)
        stderr = (self.alharness.folder / "stderr").read_text()
        assert code == 0, stderr
        assert "Traceback" not in stderr


@pytest.fixture
def witnessed(alharness):
    alharness.disturbance = alharness.disturbance.with_name(WITNESS)
    return alharness


@pytest.fixture
def new_killed_bench(witnessed):
    """A bench to kill; none is left behind by a test that fails."""
    started = []

    def new(seed):
        started.append(KilledBench(witnessed, seed))
        return started[-1]

    yield new
    for bench in started:
        if bench.process is not None:
            bench.process.kill()
            bench.process.wait()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("seed", "warm_start", "in_trials"), [(0, "false", 1 / 2), (1, "true", 1 / 3)]
)
def test_killed_again_and_again_it_ends_as_an_undisturbed_bench(
    witnessed, new_killed_bench, numbers, seed, warm_start, in_trials
):
    """In a warm start trials read the weights of the cycle before, whoever was killed since.

    They wait for these, so that fewer kills find one: ``in_trials`` is the least share.
    """
    witnessed.suite(**SUITE, warm_start=warm_start)
    undisturbed = witnessed.bench(workspace="undisturbed")
    assert undisturbed.returncode == 0, undisturbed.stderr

    bench = new_killed_bench(seed)
    for _ in range(ROUNDS):
        bench.start()
        bench.await_progress()
        bench.kill_worker()
        bench.await_progress()
        bench.kill_coordinator()
    bench.start()
    bench.await_progress()
    bench.kill_worker()
    bench.finish()

    assert len(bench.kills) == 2 * ROUNDS + 1
    hit = f"{bench.during_trials} of {len(bench.kills)} during trials"
    assert bench.during_trials >= in_trials * len(bench.kills), hit
    found, expected = witnessed.workspace(), witnessed.workspace("undisturbed")
    assert found.results() == expected.results()
    assert found.found() == expected.found()
    assert len(found.results()) == numbers(seeds=3, trials=3, cycles=CYCLES).distinct(methods=2)
    if warm_start == "true":
        n_later = (CYCLES - 1) * 2 * numbers(seeds=3, trials=3).trained
        assert found.require_started_where_parents_ended() == n_later
    assert not (found.root / "failures").exists(), "a unit failed though it was killed once"
    for path, (data, changed) in bench.seen.items():
        assert (path.read_bytes(), path.stat().st_mtime_ns) == (data, changed)
    repeated = [
        event
        for number, event in enumerate(bench.log.events())
        if event.name == "start" and number >= bench.recorded_at.get(event.key, number + 1)
    ]
    assert repeated == [], "a unit was computed though it was recorded"
    bench.await_silence()


@pytest.mark.slow
def test_a_unit_whose_worker_dies_is_tried_once_more(witnessed):
    """Both kinds of worker: one that trains, one that asks a sampler."""
    witnessed.suite(compared='["random", "mortal"]', initial_sets=2, seeds=1)
    undisturbed = witnessed.bench(workspace="undisturbed")
    assert undisturbed.returncode == 0, undisturbed.stderr
    deaths = witnessed.folder / "deaths"
    deaths.mkdir()
    finished = witnessed.bench("--executor", "local", "--jobs", "2", DIE_ONCE=deaths)
    assert {path.name for path in deaths.iterdir()} == {"trial"}
    assert finished.returncode == 0, finished.stderr
    records = map(json.loads, witnessed.workspace().record_files().values())
    notes = [one["facts"]["notes"] for one in records if one["kind"] == "query"]
    assert notes.count({"died": True}) == 2
    assert witnessed.workspace().results() == witnessed.workspace("undisturbed").results()

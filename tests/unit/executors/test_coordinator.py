"""Benches carried out by the coordinator with the inline executor."""

import re
from concurrent.futures import Future

import pytest

import alharness
from alharness.observing.observers import Observers
from alharness.protocol.planning.run import State
from alharness.store.forgetting import forget
from alharness.work.workers import WorkerDied


def states(survey):
    return {run.name.removeprefix("digits-mlp/"): run.state for run in survey.runs}


@pytest.mark.parametrize(
    ("sampler", "says"),
    [("raises", "RuntimeError: on two lines"), ("repeats", "duplicates"), ("leaves", "SystemExit")],
)
def test_a_sampler_that_fails_fails_its_runs_alone(workbench, sampler, says):
    coordinator = workbench.coordinator(workbench.bench("watching", sampler))
    assert states(coordinator.run()) == {
        "watching/0/0": State.DONE,
        f"{sampler}/0/0": State.FAILED,
    }
    (message,) = coordinator.failures.values()
    assert f"sampler '{sampler}' ((file)" in message
    assert says in message
    assert "\n" not in message
    (log,) = (workbench.workspace.root / "failures").rglob("*.json")
    assert "Traceback" in log.read_text()


def test_a_worker_that_died_is_told_with_what_it_was_at(workbench):
    """Nobody saw which plugin ended it, so that its place is all that is known."""

    class Dies:
        slots = 1

        def submit(self, unit):
            future = Future()
            future.set_exception(
                WorkerDied(
                    "its process ended by SIGKILL", where=f"trial {unit['key']}", remedy="Try"
                )
            )
            return future

    coordinator = workbench.coordinator(workbench.bench("watching"))
    coordinator.executor = Dies()
    coordinator.run()
    assert {message.partition(": ")[2] for message in coordinator.failures.values()} == {
        "its process ended by SIGKILL (scenario 'digits-mlp', model 'mlp:hidden=8,layers=1', "
        "cycle 0). Try"
    }


def test_lost_weights_are_trained_again(workbench):
    bench = workbench.bench()
    whole = workbench.coordinator(bench)
    end = whole.run()
    for path in (workbench.workspace.root / "records" / "query").rglob("*.json"):
        path.unlink()
    (kept,) = (workbench.workspace.root / "checkpoints").iterdir()
    kept.write_bytes(b"damaged")
    again = workbench.coordinator(bench)
    assert states(again.run()) == states(end)
    assert again.failures == {}


def test_lost_weights_are_not_trained_again_for_what_another_bench_recorded(workbench):
    """It recorded the query and dropped the weights after this bench had looked."""
    bench = workbench.bench()
    end = workbench.coordinator(bench).run()
    root = workbench.workspace.root
    for path in (root / "checkpoints").iterdir():
        path.unlink()
    (root / "records" / "query").rename(root / "queries")
    again = workbench.coordinator(bench)
    (root / "queries").rename(root / "records" / "query")
    assert states(again.run()) == states(end)
    assert not list((root / "checkpoints").iterdir()), "a trial was trained again"


def test_training_that_cannot_be_repeated_ends_with_a_message(workbench):
    """It would otherwise be trained again and again, and its weights set aside each time."""
    bench = workbench.bench(model='"unstable"')
    workbench.coordinator(bench).run()
    for path in (workbench.workspace.root / "records" / "query").rglob("*.json"):
        path.unlink()
    for path in (workbench.workspace.root / "checkpoints").iterdir():
        path.unlink()
    again = workbench.coordinator(bench)
    assert states(again.run()) == {"watching/0/0": State.FAILED}
    for _ in range(2):  # Without the queries, nothing tells that one trial rests on the other.
        (told,) = again.failures.values()
        assert "gives another result than its record" in told
        (key,) = re.findall(r"`alharness forget (\w+)`", told)
        forget(workbench.workspace, key)
        again = workbench.coordinator(bench)
        end = again.run()
    assert states(end) == {"watching/0/0": State.DONE}


class Watcher:
    """Notes what it hears, and does its worst at one hook."""

    def __init__(self, worst="", act=None):
        self.heard, self._worst, self._act = [], worst, act

    def hear(self, hook, *details):
        self.heard.append(hook)
        if hook == self._worst:
            self._act(*details)

    @alharness.hookimpl
    def alharness_bench_started(self, bench):
        self.hear("started", bench)

    @alharness.hookimpl
    def alharness_bench_surveyed(self, survey):
        self.hear("surveyed", survey)

    @alharness.hookimpl
    def alharness_unit_finished(self, unit, record):
        self.hear("finished", unit, record)

    @alharness.hookimpl
    def alharness_unit_failed(self, unit, message):
        self.hear("failed", unit, message)


def observed(workbench, watcher, *methods):
    """How a bench ends that is watched, and what was reported of its observers."""
    lines = []
    observers = Observers(report=lines.append)
    observers.add("the watcher", watcher)
    return workbench.coordinator(workbench.bench(*methods), observers).run(), lines


def test_observers_hear_of_a_bench_from_its_start_to_its_last_survey(workbench):
    watcher = Watcher()
    end, lines = observed(workbench, watcher, "watching", "raises")
    finished = sum(step.state is State.DONE for run in end.runs for step in run.steps.values())
    shared = 2  # the trial and the evaluation of cycle 0
    assert watcher.heard[:2] == ["started", "surveyed"]
    assert watcher.heard[-1] == "surveyed"
    assert watcher.heard.count("started") == watcher.heard.count("failed") == 1
    assert watcher.heard.count("finished") == finished - shared
    assert lines == []


@pytest.mark.parametrize("hook", ["started", "surveyed", "finished", "failed"])
def test_an_observer_that_raises_is_dropped_and_reported(workbench, hook):
    def leave(*details):
        raise SystemExit("no more")

    watcher = Watcher(hook, leave)
    end, lines = observed(workbench, watcher, "watching", "raises")
    assert states(end) == {"watching/0/0": State.DONE, "raises/0/0": State.FAILED}
    assert watcher.heard.count(hook) == 1
    assert watcher.heard[-1] == hook
    (line,) = lines
    assert line.startswith("the watcher no longer observes: 'alharness_")
    assert f"_{hook}' raised SystemExit: no more" in line


def test_an_observer_that_alters_what_it_is_given_changes_no_result(workbench):
    def alter(unit, record):
        unit["inputs"].clear()
        record["result"].clear()
        record["facts"].clear()

    watcher = Watcher("finished", alter)
    end, lines = observed(workbench, watcher)
    assert states(end) == {"watching/0/0": State.DONE}
    again = workbench.coordinator(workbench.bench()).run()
    keys = [
        [step.unit.key for run in survey.runs for step in run.steps.values()]
        for survey in (end, again)
    ]
    assert keys[0] == keys[1]
    assert lines == []

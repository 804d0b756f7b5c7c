"""Benches carried out by the coordinator with the inline executor."""

import pytest

from alharness.observing.observation import Observation
from alharness.observing.observers import Observers
from alharness.protocol.planning.run import State


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
    assert "gives another result than its record" in next(iter(again.failures.values()))


def test_an_observer_that_raises_is_dropped_and_reported(workbench):
    class Raises:
        calls = 0

        def surveyed(self, survey):
            self.calls += 1
            raise ValueError("no more")

        finished = failed = surveyed

    watcher, lines = Raises(), []
    observation = Observation([watcher], Observers([], lines.append), lines.append)
    end = workbench.coordinator(workbench.bench(), observation).run()
    assert states(end) == {"watching/0/0": State.DONE}
    assert watcher.calls == 1
    assert lines == ["Raises no longer follows the bench: ValueError: no more"]

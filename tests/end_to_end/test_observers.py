"""Plugins that observe a bench: they hear what MLflow hears, and change nothing."""

import io
import json
import os
from contextlib import redirect_stderr
from pathlib import Path

import pytest

import alharness

PLUGIN_FILES = Path(__file__).parent / "plugin_files"


@pytest.fixture(scope="module")
def observed(tmp_path_factory, new_alharness):
    """A bench, started from Python, with an observer that keeps a diary, and one that raises."""
    command = new_alharness(tmp_path_factory.mktemp("observed"))
    suite, said = command.suite(), io.StringIO()
    command.new_workspace("workspace")
    with pytest.MonkeyPatch.context() as environment, redirect_stderr(said):
        environment.setenv("DIARY", str(command.folder / "diary"))
        environment.setattr(os, "fsync", os.fsync)  # put back what disturbance.py replaces
        files = ("disturbance.py", "diary.py", "unwell.py")
        command.document = alharness.bench(
            suite,
            plugin_files=[PLUGIN_FILES / name for name in files],
            workspace=command.workspace().root,
            executor="inline",
            device="cpu",
        )
    command.said = said.getvalue()
    return command


@pytest.fixture
def diary(observed):
    return [json.loads(line) for line in (observed.folder / "diary").read_text().splitlines()]


@pytest.mark.slow
def test_an_observer_hears_a_bench_from_start_to_end(observed, diary, numbers):
    runs = 2 * numbers().runs
    assert diary[0] == {"event": "started", "suite": "tiny", "runs": runs}
    assert diary[1]["event"] == "surveyed"
    assert set(diary[1]["runs"].values()) == {"waiting"}
    last_survey, over = diary[-2:]
    assert list(last_survey["runs"].values()) == ["done"] * runs
    assert over == {"event": "over"}


@pytest.mark.slow
def test_an_observer_hears_of_every_unit_once_with_its_record(observed, diary):
    heard = [one for one in diary if one["event"] == "finished"]
    results = observed.workspace().results()
    assert len(heard) == len(results)
    assert {(one["kind"], one["key"]): one["digest"] for one in heard} == {
        place: digest for place, (_, digest) in results.items()
    }


@pytest.mark.slow
def test_an_observer_that_raises_is_reported_once_and_changes_nothing(
    observed, finished_bench, without_facts
):
    lines = [line for line in observed.said.splitlines() if "unwell" in line]
    (line,) = lines
    assert line.startswith("plugin 'unwell' ((file) -) no longer observes: ")
    assert "'alharness_bench_surveyed' raised RuntimeError: I saw too much (unwell.py" in line
    assert observed.workspace().results() == finished_bench.workspace().results()
    found = without_facts(observed.document.to_json())
    assert found == finished_bench.workspace().found()

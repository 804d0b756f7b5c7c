"""Plugins that observe a bench: they hear what MLflow hears, and change nothing."""

import json
from pathlib import Path

import pytest

PLUGIN_FILES = Path(__file__).parent / "plugin_files"


@pytest.fixture(scope="module")
def observed(tmp_path_factory, new_alharness):
    """A bench with an observer that keeps a diary, and one that raises."""
    command = new_alharness(tmp_path_factory.mktemp("observed"))
    command.suite()
    plugins = [
        option
        for name in ("diary.py", "unwell.py")
        for option in ("--plugin-file", PLUGIN_FILES / name)
    ]
    command.outcome = command.bench(*plugins, DIARY=command.folder / "diary")
    assert command.outcome.returncode == 0, command.outcome.stderr
    return command


@pytest.fixture
def diary(observed):
    return [json.loads(line) for line in (observed.folder / "diary").read_text().splitlines()]


def test_an_observer_hears_a_bench_from_start_to_end(observed, diary, numbers):
    runs = 2 * numbers().runs
    assert diary[0] == {"event": "started", "suite": "tiny", "runs": runs}
    assert diary[1]["event"] == "surveyed"
    assert set(diary[1]["runs"].values()) == {"waiting"}
    last_survey, over = diary[-2:]
    assert list(last_survey["runs"].values()) == ["done"] * runs
    assert over == {"event": "over"}


def test_an_observer_hears_of_every_unit_once_with_its_record(observed, diary):
    heard = [one for one in diary if one["event"] == "finished"]
    results = observed.workspace().results()
    assert len(heard) == len(results)
    assert {(one["kind"], one["key"]): one["digest"] for one in heard} == {
        place: digest for place, (_, digest) in results.items()
    }


def test_an_observer_that_raises_is_reported_once_and_changes_nothing(observed, finished_bench):
    lines = [line for line in observed.outcome.stderr.splitlines() if "unwell" in line]
    (line,) = lines
    assert line.startswith("plugin 'unwell' ((file) -) no longer observes: ")
    assert "'alharness_bench_surveyed' raised RuntimeError: I saw too much (unwell.py" in line
    assert observed.workspace().results() == finished_bench.workspace().results()

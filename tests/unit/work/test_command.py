"""``python -m alharness.work``: a request on stdin, outcomes on stdout."""

import json
import subprocess
import sys

import pytest

from alharness import ExitCode
from alharness.store.checkpoints import CheckpointMissing
from alharness.work import InProcessSite, Outcome


def run(text):
    command = [sys.executable, "-m", "alharness.work"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def test_units_are_carried_out_each_with_its_own_outcome(new_desk):
    desk, here = new_desk("commanded"), new_desk("here")
    units = desk.ready("evaluation")
    assert units == here.ready("evaluation")
    desk.workspace.checkpoints.drop(units[0]["inputs"]["trial"])
    finished = run(json.dumps({"site": desk.site.to_json(), "units": units}))
    assert finished.returncode == ExitCode.DONE, finished.stderr
    (line,) = finished.stdout.splitlines()
    failed, done = (Outcome.from_json(one) for one in json.loads(line)["outcomes"])
    assert [failed.key, done.key] == [unit["key"] for unit in units]
    with pytest.raises(CheckpointMissing, match="no weights"):
        failed.result()
    done.result()
    assert desk.record(units[0]) is None
    with InProcessSite(here.site) as site:
        site.carry_out(units)
    assert desk.record(units[1]).digest == here.record(units[1]).digest


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "stdin: this is no request"),
        ("{}", "stdin: this is no request"),
        ('{"site": {"workspace": "w"}, "units": [{"kind": "trial"}]}', "stdin: this is no request"),
        ('{"site": {}, "units": []}', "site.workspace: field required"),
        ('{"site": {"workspace": "w", "gpu": 1}, "units": []}', "site.gpu: extra inputs"),
    ],
)
def test_what_is_no_request_is_one_clear_line(text, where):
    finished = run(text)
    assert finished.returncode == ExitCode.USAGE
    assert finished.stdout == ""
    (line,) = finished.stderr.splitlines()
    assert line.startswith(f"Error: {where}")

"""``python -m alharness.work``: a request on stdin, outcomes on stdout."""

import io
import json
import subprocess
import sys

import pytest

from alharness import ExitCode
from alharness.store.checkpoints import CheckpointMissing
from alharness.work import InProcessSite, Outcome, command


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


def answered(monkeypatch, capsys, content):
    """Exit code, output and errors of the command in this process."""
    stdin = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", errors="strict")
    monkeypatch.setattr(sys, "stdin", stdin)
    code = command.main()
    return code, *capsys.readouterr()


@pytest.mark.parametrize(
    "content",
    [b"\xff{}", b"[" * 100_000, b"[]", b"null", b'{"site": {"workspace": "w"}, "units": 5}']
    + [b'{"site": {"workspace": "w"}, "units": [%s]}' % unit for unit in (b"5", b'"trial"', b"{}")],
)
def test_whatever_is_on_stdin_is_a_request_or_is_none(monkeypatch, capsys, content):
    code, output, errors = answered(monkeypatch, capsys, content)
    assert (code, output) == (ExitCode.USAGE, "")
    assert errors.startswith("Error: stdin: this is no request. Give one JSON object")
    assert len(errors.splitlines()) == 1


def test_no_units_have_no_outcomes(monkeypatch, capsys, tmp_path):
    request = json.dumps({"site": {"workspace": str(tmp_path)}, "units": []}).encode()
    code, output, errors = answered(monkeypatch, capsys, request)
    assert (code, output, errors) == (ExitCode.DONE, '{"outcomes": []}\n', "")
    assert list(tmp_path.iterdir()) == []

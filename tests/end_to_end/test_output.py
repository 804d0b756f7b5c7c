"""Where output goes: data on stdout, everything else on stderr; live for people, plain in pipes."""

import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import termios
import time

import pytest

from alharness import ExitCode

LOCAL = ("--executor", "local", "--jobs", "2")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def refuse(constant):
    raise AssertionError(f"{constant} is no JSON")


def test_json_is_strict_and_alone_on_stdout(finished_bench, numbers):
    finished = finished_bench
    report = json.loads(finished.stdout, parse_constant=refuse)
    assert finished_bench.workspace().report() == report
    (scenario,) = report["scenarios"]
    assert [row["method"] for row in scenario["methods"]] == ["random", "margin"]
    for row in scenario["methods"]:
        accuracy = row["accuracy"]
        assert len(accuracy) == numbers().initial_sets
        assert len(accuracy[0]) == numbers().seeds
        assert len(accuracy[0][0]) == numbers().cycles


def test_piped_progress_is_plain_lines(finished_bench, numbers):
    lines = finished_bench.stderr.splitlines()
    total = numbers().distinct(2)
    assert "\x1b" not in finished_bench.stderr
    assert "\r" not in finished_bench.stderr
    assert any(line.startswith(f"0/{total} units, cycle 0") for line in lines)
    assert any(
        re.fullmatch(rf"{total}/{total} units, cycle 1, \d+ trials/min, 0 s left", line)
        for line in lines
    ), lines


@pytest.fixture(scope="module")
def printed(finished_bench, new_alharness, tmp_path_factory):
    """The bench once more, for people; nothing is left to compute."""
    command = new_alharness(tmp_path_factory.mktemp("printed"))
    command.suite()
    shutil.copytree(finished_bench.workspace().root, command.workspace().root)
    return command.bench()


def test_the_reports_agree_with_the_table(finished_bench, printed):
    assert "\x1b" not in printed.stdout + printed.stderr
    report = finished_bench.workspace().report()
    markdown = (finished_bench.workspace().root / "reports" / "tiny.md").read_text()
    assert "reports/tiny.md" in printed.stderr
    assert "reports/tiny/index.html" in printed.stderr
    for method, found in report["findings"]["digits-mlp"]["methods"].items():
        means = [f"{100 * point['mean']:.2f}" for point in found["curve"]]
        for text, bar in ((printed.stdout, "│"), (markdown, "|")):
            (line,) = [line for line in text.splitlines() if line.startswith(f"{bar} {method}")]
            cells = [cell.strip() for cell in line.split(bar)[1:-1]]
            assert [cell.split(" ")[0] for cell in cells[1 : 1 + len(means)]] == means
            assert cells[1 + len(means)] == (found["sentence"] or "reference")


def test_the_report_is_shown_again_from_the_document_alone(finished_bench, printed, alharness):
    """Without the suite's file, the plugin that the bench used, records and data."""
    source, folder = finished_bench.workspace().root, alharness.workspace().root
    shutil.copytree(source / "reports", folder / "reports")
    (alharness.folder / "tiny.toml").unlink()
    finished = alharness.run("report", "--workspace", folder)
    assert (finished.returncode, finished.stderr) == (0, "")
    title, origin, *rest = finished.stdout.splitlines()
    assert title == "Tiny"
    assert origin.startswith("Suite tiny version 1, digest ")
    assert rest == printed.stdout.splitlines()
    (document,) = json.loads(alharness.run("report", "--workspace", folder, "--json").stdout)
    assert document == finished_bench.workspace().report()


def test_the_document_holds_what_was_benched(finished_bench, numbers):
    document = finished_bench.workspace().report()
    (scenario,) = document["scenarios"]
    components = {(one["kind"], one["name"]): one for one in scenario["components"]}
    assert list(components) == [
        ("dataset", "digits"),
        ("model", "mlp"),
        ("regularizer", "weight-decay"),
        ("regularizer", "watched"),
        ("loss", "cross-entropy"),
        ("schedule", "constant"),
        ("oracle", "perfect"),
    ]
    assert components["model", "mlp"]["parameters"]["hidden"]
    assert scenario["space"]["batch-size"] == [32, 64]
    assert "weight-decay" in scenario["space"]
    records = finished_bench.workspace().results()
    for method in scenario["methods"]:
        assert len(method["runs"]) == numbers().runs
        for run in method["runs"]:
            first, last = run["cycles"]
            for cycle in (first, last):
                assert ("trial", cycle["trial"]) in records
            assert ("query", first["query"]) in records
            assert last["query"] is None


@pytest.fixture
def in_terminal(alharness):
    """Starts a command whose messages go to a terminal of 80 columns; stdout stays a pipe."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def take_terminal():
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    environment = alharness.environment(TERM="xterm-256color")
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        environment.pop(name, None)

    def start(*arguments):
        process = subprocess.Popen(
            alharness.command(*arguments),
            cwd=alharness.folder,
            env=environment,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=take_terminal,
        )
        os.close(theirs)
        return process, ours

    yield start
    os.close(ours)


def read_until(terminal, wanted, seconds=90):
    """What a terminal shows until ``wanted`` (a regular expression) is there, or the end."""
    shown, deadline = "", time.monotonic() + seconds
    while time.monotonic() < deadline and not (wanted and re.search(wanted, shown)):
        try:
            data = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        shown += ESCAPE.sub("", data.decode(errors="replace"))
    return shown


@pytest.mark.slow
def test_a_terminal_has_a_live_bar_and_ctrl_c_stops(in_terminal, alharness, numbers):
    process, terminal = in_terminal(*alharness.bench_arguments("--json", *LOCAL))
    total = numbers().distinct(2)
    # Overall progress, the current cycle, speed and time left, in 80 columns.
    bar = rf"━.*\d+/{total} units · cycle \d, \d+ trials/min, \d+ s left"
    shown = read_until(terminal, bar)
    assert re.search(bar, shown), shown
    os.write(terminal, b"\x03")
    shown += read_until(terminal, None)
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == ExitCode.STOPPED, shown
    assert "run the same command to go on" in " ".join(shown.split())
    assert "Traceback" not in shown
    assert stdout == b""

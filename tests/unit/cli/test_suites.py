"""``alharness suites``: what is there, and what a suite says."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("scope", ["per-initial-set", "first-initial-set", "fixed"])
def test_trainings_are_those_of_the_plan(command, scope):
    fixed = {"trials": 1, "rate": 0.01} if scope == "fixed" else {}
    suite = command.suite(scope=scope, compared='["random", "margin", "entropy"]', **fixed)
    shown, planned = command.json("suites", "show", suite), command.json("plan", "--suite", suite)
    trials = [one for one in planned["units"] if one["kind"] == "trial"]
    of_margin = sum(one["total"] for one in trials if one["method"] == "margin")
    assert shown["trainings"]["method"] == of_margin
    shared = sum(one["shared"] for one in trials)
    assert shown["trainings"]["total"] == sum(one["total"] for one in trials) - shared * 2 // 3


def test_show_says_what_it_departs_from(command):
    result = command("suites", "show", "cifar")
    assert (result.exit_code, result.stderr) == (0, "")
    for part in ("cifar10", "vgg16", "coreset", "150 epochs", "Departs", "- VAAL: its loss"):
        assert part in result.stdout


def test_a_suite_that_cannot_be_read_is_listed_with_the_reason(command):
    (command.folder / "odd.toml").write_text('schema = 1\nname = "mine"\n')
    (command.folder / "mine.py").write_text(
        "import alharness\nfrom pathlib import Path\n"
        "@alharness.hookimpl\ndef alharness_suites():\n"
        "    yield Path(__file__).with_name('odd.toml')\n"
    )
    listed = command.json("suites", "list", "--plugin-file", "mine.py")["suites"]
    reasons = {one["name"]: one["reason"] for one in listed}
    assert "odd.toml" in reasons.pop("mine")
    assert {"cifar", "digits", "digits-quick"} <= reasons.keys()
    assert set(reasons.values()) == {None}


def test_an_unknown_name_gives_the_nearest(command):
    result = command("suites", "show", "digits-quik")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "did you mean 'digits-quick'" in result.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_is_not_utf_8_gets_plain_characters(command, encoding):
    done = subprocess.run(
        [sys.executable, "-c", "from alharness.cli.plain_text import write_plainly as w\nw()\n"
         "print('92 ± 1 ▲ – … 雪')"],
        capture_output=True, env={"PYTHONIOENCODING": encoding}, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    spread = "±" if encoding == "latin-1" else "+-"
    assert done.stdout.decode(encoding) == f"92 {spread} 1 ^ - ... \\u96ea\n"


def test_the_package_is_the_command_and_lists_suites_without_torch():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "alharness", "suites", "list"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0
    assert "digits-quick" in done.stdout
    assert not {"torch", "mlflow"} & {
        line.split("|")[-1].strip() for line in done.stderr.split("\n")
    }


def test_another_endpoint_than_accuracy_is_told(command):
    name = command.suite()
    path = command.folder / name
    assert "Endpoint" not in command("suites", "show", name).stdout
    path.write_text(
        path.read_text().replace("[methods]", '[endpoint]\nmetric = "nll"\n[methods]', 1)
    )
    said = " ".join(command("suites", "show", name).stdout.split())
    assert "Endpoint: the area under the curve of nll; two methods that differ by less than" in said

"""The command itself: errors to exit codes, and quick answers."""

import subprocess
import sys
import time

import click
import pytest
from click.testing import CliRunner

from alharness import ExitCode, HarnessError, PluginError, UsageError
from alharness.cli import main

HEAVY = ("torch", "mlflow", "optuna", "scipy", "sklearn", "torchvision")


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "alharness.cli.main", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_an_option_of_thousands_of_digits_is_one_short_line():
    result = CliRunner().invoke(main.alharness, ["bench", "--trial-memory", "1" + "0" * 4_400])
    assert result.exit_code == ExitCode.USAGE
    assert "Invalid value for '--trial-memory'" in result.stderr
    assert len(result.stderr) < 1_500


@pytest.fixture
def command_that(monkeypatch):
    """Makes ``alharness fail`` raise an exception."""

    def install(error):
        def fail():
            raise error

        module = type(sys)("failing_command")
        module.fail = click.command()(fail)
        monkeypatch.setitem(sys.modules, "failing_command", module)
        monkeypatch.setitem(main.COMMANDS, "fail", ("failing_command:fail", "Fail."))

    return install


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HarnessError("units failed"), ExitCode.UNITS_FAILED),
        (UsageError("bad name", where="suite.toml", remedy="Mend it"), ExitCode.USAGE),
        (PluginError("broken"), ExitCode.PLUGIN),
    ],
)
def test_an_expected_failure_is_one_line_and_its_exit_code(command_that, error, code):
    command_that(error)
    result = CliRunner().invoke(main.alharness, ["fail"])
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr == f"Error: {error}\n"


def test_debug_adds_the_traceback(command_that):
    command_that(UsageError("bad name"))
    result = CliRunner().invoke(main.alharness, ["--debug", "fail"])
    assert result.exit_code == ExitCode.USAGE
    assert "Traceback" in result.stderr
    assert result.stderr.endswith("Error: bad name\n")


@pytest.mark.parametrize(
    "error", [KeyError("bug"), RecursionError(), OSError(5, "a disk"), MemoryError()]
)
def test_every_other_exception_is_a_mistake_of_ours_with_a_code_of_its_own(command_that, error):
    command_that(error)
    result = CliRunner().invoke(main.alharness, ["fail"])
    assert (result.exit_code, result.stdout) == (ExitCode.DEFECT, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {type(error).__name__}")
    assert "(test_main.py, line " in line
    assert "'alharness --debug'" in line


def test_debug_shows_the_traceback_of_a_mistake_of_ours(command_that):
    command_that(KeyError("bug"))
    result = CliRunner().invoke(main.alharness, ["--debug", "fail"])
    assert result.exit_code == ExitCode.DEFECT
    assert "Traceback" in result.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [(click.UsageError("x"), 2), (click.exceptions.Exit(5), 5), (click.Abort(), 1)],
)
def test_clicks_own_endings_stay(command_that, error, code):
    command_that(error)
    assert CliRunner().invoke(main.alharness, ["fail"]).exit_code == code


def test_an_interrupt_ends_as_stopped(command_that):
    command_that(KeyboardInterrupt())
    assert CliRunner().invoke(main.alharness, ["fail"]).exit_code == ExitCode.STOPPED


def test_an_unknown_command_is_bad_usage():
    result = CliRunner().invoke(main.alharness, ["plugin"])
    assert result.exit_code == ExitCode.USAGE
    assert "No such command 'plugin'" in result.stderr


def test_help_lists_every_command_without_importing_it():
    result = CliRunner().invoke(main.alharness, ["--help"])
    for name, (_, summary) in main.COMMANDS.items():
        assert f"  {name}" in result.stdout
        assert summary in result.stdout


def test_exit_codes_of_the_real_command():
    assert run("--version").returncode == 0
    assert run("plugins", "show", "no-such-plugin-anywhere").returncode == ExitCode.USAGE
    assert run("--no-such-option").returncode == ExitCode.USAGE


@pytest.mark.parametrize("arguments", [["--help"], ["plugins", "list"]])
def test_quick_commands_import_nothing_heavy(arguments):
    code = (
        "import sys\nfrom alharness.cli.main import alharness\n"
        f"alharness({arguments!r}, standalone_mode=False)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    started = time.monotonic()
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    elapsed = time.monotonic() - started
    assert finished.stdout.splitlines()[-1] == "[]", finished.stderr
    # The promise is one second on an idle machine; this one may be busy.
    assert elapsed < 5

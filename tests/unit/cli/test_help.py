"""Help of every command, and words that no command takes."""

import subprocess
import sys

import pytest

COMMANDS = {
    (): [
        "bench",
        "plan",
        "report",
        "leaderboard",
        "stats",
        "suites",
        "forget",
        "bundle",
        "plugins",
        "--debug",
        "--version",
    ],
    ("bench",): ["--suite", "--executor", "--jobs-per-gpu", "--query-memory", "--tracking-uri"],
    ("plan",): ["--suite", "--plugin-file", "--download", "--json"],
    ("report",): ["--workspace", "--suite", "--json"],
    ("stats",): ["[PATH]", "--suite", "--metric", "--margin", "--methods", "--json", "--out"],
    ("leaderboard",): ["build"],
    ("leaderboard", "build"): ["[DOCUMENT.json|WORKSPACE|BUNDLE]...", "--out", "--workspace"],
    ("forget",): ["KEY", "--origin", "--workspace"],
    ("bundle",): ["pack", "check", "verify", "merge"],
    ("bundle", "pack"): ["--suite", "--out", "--weights", "--outputs", "--workspace"],
    ("bundle", "check"): ["BUNDLE", "--json", "exit code 6"],
    ("bundle", "verify"): ["BUNDLE", "--units", "--row", "--seed", "--executor", "--plugin-file"],
    ("bundle", "merge"): ["BUNDLE", "--units", "--trust", "--workspace", "--executor"],
    ("suites",): ["list", "show", "check"],
    ("suites", "list"): ["--plugin-file", "--json"],
    ("suites", "show"): ["NAME|PATH", "--json"],
    ("suites", "check"): ["NAME|PATH", "--json", "--plugin-file", "exit code 2"],
    ("plugins",): ["list", "show", "check"],
    ("plugins", "list"): ["--kind", "--plugin-file", "--json"],
    ("plugins", "show"): ["NAME", "--kind", "--json"],
    ("plugins", "check"): ["NAME[:PARAMETER=VALUE,…]", "--data-dir", "exit code 5"],
}


def test_help_of_every_command_imports_nothing_heavy():
    code = (
        "import sys\nfrom alharness.cli.main import alharness\n"
        f"for words in {list(COMMANDS)!r}:\n"
        "    alharness([*words, '--help'], standalone_mode=False)\n"
        "print(*({'torch', 'mlflow', 'optuna', 'timm'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Usage: ") == len(COMMANDS)
    assert done.stdout.splitlines()[-1] == ""


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_names_what_there_is(command, words):
    result = command(*words, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    for part in COMMANDS[words]:
        assert part in " ".join(result.stdout.split())


def test_defaults_and_environment_stand_in_help(command):
    text = " ".join(command("bench", "--help").stdout.split())
    for default in ("digits", "alharness-workspace", "local", "3600.0", "auto"):
        assert f"[default: {default}" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plugins", "shwo"], "No such command 'shwo'. Did you mean 'show'?"),
        (["plugins", "show"], "Missing argument 'NAME'."),
        (["plugins", "check", "perfect", "--kind", "tracker"], "Invalid value for '--kind'"),
        (["plan", "extra"], "Got unexpected extra argument (extra)"),
        (["plan", "--executor", "local"], "No such option"),
        (["report", "--suite"], "Option '--suite' requires an argument."),
        (["bench", "--jobs", "0"], "Invalid value for '--jobs': 0 is not in the range x>=1."),
        (["bench", "--jobs-per-gpu", "two"], "'two' is not a valid integer range."),
        (["bench", "--query-timeout", "0"], "Invalid value for '--query-timeout'"),
        (["bench", "--query-memory", "0"], "Invalid value for '--query-memory'"),
    ],
)
def test_words_that_a_command_does_not_take(command, words, said):
    result = command(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    last = result.stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    assert said in last
    assert command.everything() == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["plan", "--suite", ""],
            "no suite named ''. Known are all-budgets, annotation-batch-size, ",
        ),
        (["plan", "--suite", "no.toml"], "no.toml: cannot be read: No such file or directory."),
        (["plan", "--suite", "digits-quik"], "no suite named 'digits-quik'; did you mean 'digits-"),
        (["plugins", "show", ""], "no plugin named ''. `alharness plugins list` shows what there"),
        (["plugins", "list", "--plugin-file", "."], "is not a Python file. Give the path of a .py"),
        (["report", "--suite", "small"], "there is no document of a bench. Run 'alharness bench'"),
    ],
)
def test_names_that_mean_nothing_are_one_line(command, words, said):
    result = command(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    assert said in line
    assert command.everything() == {}

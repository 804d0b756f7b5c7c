"""``alharness bench``: options it refuses, and how it ends when it is interrupted."""

import signal
import subprocess
import sys

import pytest

from alharness import ExitCode

EXECUTORS = {
    "local:job=2": ["executor 'local'", "no parameter 'job'. Did you mean 'jobs'?"],
    "local:jobs=many": ["parameter 'jobs' is 'many'", "valid integer", "plugins show local"],
    "local:jobs=0": ["parameter 'jobs' is 0", "greater than or equal to 1"],
    "local:jobs=1.5": ["parameter 'jobs' is 1.5", "valid integer"],
    "local:jobs=1,jobs_per_gpu": ["'jobs_per_gpu' in", "is not parameter=value"],
    "lokal": ["no executor named 'lokal'; did you mean 'local'?"],
    "local:jobs": ["no executor named 'local:jobs'"],
    ":jobs=2": ["':jobs=2' names no plugin. Write NAME or NAME:parameter=value"],
    "inline:jobs=2": ["executor 'inline'", "no parameter 'jobs'. It takes none"],
    "margin": ["no executor named 'margin'. It is of another kind: sampler"],
}
TOGETHER = {
    ("--executor", "local:jobs=1", "--jobs", "2"): "--jobs: 'jobs' is set by --executor, too",
    ("--executor", "inline", "--jobs", "2"): "--jobs: executor 'inline'",
    ("--executor", "inline", "--jobs-per-gpu", "1"): "--jobs-per-gpu: executor 'inline'",
    ("--query-timeout", "nan"): "query_timeout is nan, expected seconds above 0",
}
DATASET = """
import alharness
import numpy as np

class Noise(alharness.Dataset):
    def load(self, root, download):
        images, labels = np.zeros((100, 1, 8, 8), np.uint8), np.arange(100) % 2
        return alharness.LabeledImages(images, labels, images, labels, 2)

@alharness.hookimpl
def alharness_datasets():
    yield alharness.DatasetSpec("noise", Noise)
"""
SAMPLER = """
import alharness

class Halting(alharness.Sampler):
    def __init__(self):
        print("asked")
        raise KeyboardInterrupt

    def query(self, pool, budget, rng):
        return []

@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("halting", Halting, summary="Halts")
"""


@pytest.mark.parametrize("more", [(), ("--plugin", "margin", "--json", "--jobs", "2")])
def test_without_a_suites_name_it_says_what_it_would_do_and_does_nothing(command, more):
    result = command("bench", *more)
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    # As the protocol has it: 5 tunings of 50 trials and 20 more seeds, in cycles 1 to 3 per method.
    trainings = (5 * 50 + 20) * (1 + 3 * (2 if more else 8))
    for part in ("digits", "Scenario digits-small-cnn", f" {trainings} in all", "scikit-learn"):
        assert part in result.stderr
    assert "alharness bench --suite digits\n" in result.stderr
    assert command.everything() == {}


def test_a_mistaken_name_is_told_without_a_suites_name_too(command):
    result = command("bench", "--plugin", "margn")
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert result.stderr.startswith("Error: ")
    assert "did you mean 'margin'" in result.stderr


def test_a_suite_that_the_environment_names_is_named(command, monkeypatch):
    monkeypatch.setenv("ALHARNESS_SUITE", command.suite())
    assert "'lokal'" in command("bench", "--executor", "lokal").stderr


@pytest.mark.parametrize("spelled", EXECUTORS)
def test_an_executor_that_is_spelled_wrong(command, spelled):
    result = command("bench", "--suite", command.suite(), "--executor", spelled)
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    for part in EXECUTORS[spelled]:
        assert part in result.stderr


@pytest.mark.parametrize("options", TOGETHER)
def test_options_that_do_not_go_together(command, options):
    result = command("bench", "--suite", command.suite(), *options)
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert result.stderr.startswith(f"Error: {TOGETHER[options]}")
    assert result.stderr.count("\n") == 1


def test_a_mistaken_executor_is_told_before_torch_is_imported(command):
    (command.folder / "noise.py").write_text(DATASET)
    suite = command.suite({"noise": "noise"})
    words = ["bench", "--suite", suite, "--plugin-file", "noise.py", "--executor", "local:job=2"]
    code = (
        "import sys\nfrom alharness.cli.main import alharness\n"
        f"code = alharness({words!r}, standalone_mode=False)\n"
        "print(int(code), *({'torch', 'mlflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "Did you mean 'jobs'?" in done.stderr
    assert done.stdout == "2\n"


def test_an_option_stands_before_the_environment(command, monkeypatch):
    suite = command.suite()
    monkeypatch.setenv("ALHARNESS_EXECUTOR", "lokal")
    assert "'lokal'" in command("bench", "--suite", suite).stderr
    assert "'inlin'" in command("bench", "--suite", suite, "--executor", "inlin").stderr


def test_an_interrupt_ends_with_4_and_says_how_to_go_on(command):
    """While the bench is opened; tests of killed benches interrupt units."""
    (command.folder / "halting.py").write_text(SAMPLER)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    words = ("--plugin-file", "halting.py", "--plugin", "halting", "--workspace", "here", "--json")
    try:
        result = command("bench", "--suite", command.suite(), *words)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert (result.exit_code, result.stdout) == (ExitCode.STOPPED, "")
    assert result.stderr == (
        "asked\nStopped. What was finished is recorded in 'here': run the same command to go on.\n"
    )

"""Mutated suites and command lines: one line each, no traceback, none takes five seconds of CPU.

A suite of half a million units may take 10 µs of each unit longer.
"""

import importlib.util
import os
import time
from pathlib import Path

import pytest

from alharness import ExitCode, HarnessError
from alharness.protocol.suite.reading import parse_suite
from alharness.registry import discover
from alharness.session.opening import Planned
from alharness.session.plan import make_plan
from alharness.session.resolve import Resolver
from alharness.store.workspace import Workspace

_spec = importlib.util.spec_from_file_location("mutations", Path(__file__).parent / "mutations.py")
mutations = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(mutations)

LONGEST = 5
LONGEST_OF_A_UNIT = 10e-6
N_SUITES = int(os.environ.get("ALHARNESS_TEST_SUITES", "1000"))
"""How many mutated suites are planned; 3 000 have been."""
EXTREMES = """[[scenarios]]
name = "second"
dataset = "digits"
model = { model = "mlp", hidden = 8, layers = 1, dropout = 0.1 }
regularizers = ["weight-decay", { regularizer = "flip-crop", padding = 1 }]
oracle = { oracle = "noisy", noise = "permute", fraction = 0.2 }
loss = "cross-entropy"
long_tail = { a = 5, k = 40, alpha = -0.32 }
"""


@pytest.fixture
def suite(command):
    return (command.folder / command.suite()).read_text() + EXTREMES


def test_a_mutated_suite_is_read_or_refused_in_one_line(suite):
    def read(text):
        parse_suite(text, "mutated.toml")
        return 0

    refused = 0
    for number, text in enumerate(mutations.mutated_suites(suite, 400)):
        error = _refusal(lambda: read(text), number)  # noqa: B023
        assert error is None or str(error).startswith("mutated.toml"), number
        refused += error is not None
    assert 100 < refused < 400  # neither is everything refused, nor nothing


@pytest.mark.slow
def test_a_mutated_suite_is_planned_or_refused_in_one_line(tmp_path, suite):
    # Models are asked what they have: what they import is imported once, and not in a plan's time.
    importlib.import_module("timm")
    registry, workspace = discover(), Workspace(tmp_path / "workspace")
    resolver = Resolver(registry, workspace, tmp_path, download=False)

    def plan(text):
        bench, data = resolver.plan(parse_suite(text, "mutated.toml"), "suite 'mutated.toml'")
        planned = make_plan(Planned(registry, workspace, bench, data)).to_json()
        return planned["distinct_units"]["total"]

    refused = 0
    for number, text in enumerate(mutations.mutated_suites(suite, N_SUITES, seed=1)):
        refused += _refusal(lambda: plan(text), number) is not None  # noqa: B023
    assert N_SUITES // 3 < refused < N_SUITES * 29 // 30


def _refusal(doing, number):
    """The error that it ends with, None if it does what it should; either in time."""
    began, refusal, units = time.process_time(), None, 0
    try:
        units = doing()
    except HarnessError as error:
        refusal = error
    assert time.process_time() - began < LONGEST + units * LONGEST_OF_A_UNIT, number
    if refusal is not None:
        assert refusal.exit_code in (ExitCode.USAGE, ExitCode.PLUGIN), number
        assert "\n" not in str(refusal), number
        assert len(str(refusal)) < 1_000, number
    return refusal


def test_a_mutated_command_line_is_carried_out_or_refused_in_one_line(command, suite):
    _command_lines(command, 40, seed=0)


@pytest.mark.slow
def test_500_mutated_command_lines(command, suite):
    _command_lines(command, 500, seed=1)


def _command_lines(command, number, seed):
    for count, words in enumerate(mutations.mutated_commands(number, seed)):
        # What is asked for last counts: the suite is a small one where none is named.
        _answered(command, (count, words), "--suite", "small.toml", *words)


def _answered(command, number, *words):
    began = time.process_time()
    result = command("plan", *words)
    assert time.process_time() - began < LONGEST, number
    assert result.exception is None or isinstance(result.exception, SystemExit), number
    assert result.exit_code in (0, 2, 3), (number, result.output)
    if result.exit_code:
        last = result.stderr.splitlines()[-1]
        assert last.startswith("Error: "), number
        assert len(last) < 2_000, number


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("initial_sets = 3", "initial_sets = 1000000000", "protocol.initial_sets"),
        ("seeds = 2", "seeds = 1000000000", "protocol.seeds"),
        ("query_fraction = 0.05", "query_fraction = 1e-9", "protocol.query_fraction"),
        ("trials = 4", "trials = 1" + "0" * 400, "tuning.trials"),
        ("trials = 4", "trials = 90000", "protocol"),
        ("batch-size = 32", "batch-size = 1" + "0" * 400, "tuning.space.batch-size"),
        ("epochs = 1", "epochs = 1" + "0" * 400, "training.epochs"),
        ("alpha = -0.32", "alpha = -inf", "scenarios[1].long_tail.alpha"),
    ],
)
def test_what_is_beyond_its_bound_is_answered_at_once(suite, old, new, key):
    assert old in suite
    began = time.process_time()
    with pytest.raises(HarnessError) as error:
        parse_suite(suite.replace(old, new), "mine.toml")
    assert error.value.where == f"mine.toml, {key}"
    assert time.process_time() - began < 1

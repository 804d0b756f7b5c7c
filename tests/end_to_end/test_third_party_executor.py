"""An executor of a third party: a plugin file that starts commands, and the same results."""

import pytest

from alharness import ExitCode
from alharness.testing import Outcome, find_subject, rules

SUBPROCESSES = "subprocesses.py"


@pytest.fixture
def with_executor(alharness):
    """The command line with the executor's file among its plugins."""

    def bench(*arguments, **environment):
        file = alharness.disturbance.with_name(SUBPROCESSES)
        return alharness.bench("--plugin-file", file, *arguments, **environment)

    return bench


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_results_are_those_of_the_built_in_executors(alharness, with_executor):
    """A command for each unit imports torch anew: one method, one run."""
    alharness.timeout = 800
    alharness.suite(compared='["margin"]', reference="margin", initial_sets=1, seeds=1)
    results = []
    for executor in ("subprocesses:at_once=2", "local:jobs=2", "inline"):
        bench = with_executor("--executor", executor, workspace=executor)
        assert bench.returncode == ExitCode.DONE, bench.stderr
        assert ("not isolated" in bench.stderr) == (executor == "inline")
        results.append(alharness.workspace(executor).results())
    third, *built_in = results
    assert {kind for kind, _ in third} == {"trial", "evaluation", "query", "annotation"}
    assert built_in == [third, third]


@pytest.mark.slow
@pytest.mark.parametrize("rule", rules("executor"), ids=str)
def test_it_keeps_the_contract(alharness, rule):
    file = alharness.disturbance.with_name(SUBPROCESSES)
    finding = rule.checked(find_subject("subprocesses", plugin_files=[file]))
    assert finding.outcome is Outcome.PASSED, finding


@pytest.mark.slow
def test_what_cannot_be_used_is_one_clear_line(with_executor):
    bench = with_executor("--executor", "subproceses")
    assert bench.returncode == ExitCode.USAGE
    (line,) = bench.stderr.splitlines()
    assert line == "Error: no executor named 'subproceses'; did you mean 'subprocesses'?"

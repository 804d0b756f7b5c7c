"""The functions that do what the commands do: one bench, in Python and on the command line."""

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import alharness
from alharness import ExitCode, UsageError
from alharness.cli import bench as bench_command
from alharness.cli import main
from alharness.cli import plan as plan_command
from alharness.protocol.suite.reading import load_suite
from alharness.results.documents import Documents
from alharness.session import commands

SUITE = """
schema = 1
name = "tiny"
version = 1
title = "Tiny"
[protocol]
initial_sets = 2
seeds = 1
initial_fraction = 0.02
query_fraction = 0.02
final_fraction = 0.04
validation_fraction = 0.03
[tuning]
trials = 1
scope = "fixed"
[tuning.space]
learning-rate = 0.05
batch-size = 16
optimizer = "sgd"
[training]
epochs = 1
[methods]
compared = ["random", "margin"]
reference = "random"
[[scenarios]]
name = "digits-mlp"
dataset = "digits"
model = { model = "mlp", hidden = 8, layers = 1 }
regularizers = []
oracle = "perfect"
"""
HOW = {"executor": "inline", "device": "cpu"}
PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "use-from-python.md"


def cli(*arguments):
    return CliRunner().invoke(main.alharness, [*map(str, arguments)])


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    path = tmp_path_factory.mktemp("suite") / "tiny.toml"
    path.write_text(SUITE)
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory, suite):
    """A workspace where the suite was benched from Python, and the document of that."""
    workspace = tmp_path_factory.mktemp("bench") / "workspace"
    return workspace, alharness.bench(suite, workspace=workspace, **HOW)


def records(workspace):
    return {path: path.read_bytes() for path in workspace.glob("records/*/*/*.json")}


def test_the_command_goes_on_where_python_stopped(finished, suite):
    workspace, document = finished
    before = records(workspace)
    # 2 runs: 2 trials and evaluations shared, then a query, annotation, trial, evaluation each.
    assert len(before) == 2 * (2 + 2 * 4)
    assert document.failures == ()
    options = ["--executor", "inline", "--device", "cpu", "--json"]
    result = cli("bench", "--suite", suite, "--workspace", workspace, *options)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == document.to_json()
    assert records(workspace) == before


def test_plan_is_what_the_command_prints(finished, suite, tmp_path):
    for workspace, done in [(finished[0], 20), (tmp_path / "new", 0)]:
        plan = alharness.plan(str(suite), workspace=str(workspace))
        printed = cli("plan", "--suite", suite, "--workspace", workspace, "--json").stdout
        assert plan.to_json() == json.loads(printed)
        assert (plan.distinct_units.done, plan.distinct_units.total) == (done, 20)
    assert not (tmp_path / "new").exists()


def test_plan_prints_its_labels_and_counts(finished, suite):
    lines = cli("plan", "--suite", suite, "--workspace", finished[0]).stdout.splitlines()
    (row,) = [line for line in lines if line.startswith("│ margin │     1")]
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells[2:] == ["57", "2 / 2", "2 / 2", "–", "–", "–", "–", "–", "–", "–", "–"]
    assert lines[-2].startswith("20 distinct units: 20 done, 0 to do")
    assert lines[-1] == "Of them 6 train a model: 6 done, 0 to do."


def test_results_are_the_document(finished):
    workspace, document = finished
    assert alharness.results(workspace) == document
    assert alharness.results(str(workspace), "tiny") == document


def test_results_of_several_suites_want_a_name(finished, tmp_path):
    _, document = finished
    other = document.suite.model_copy(update={"name": "other"})
    documents = Documents(tmp_path / "reports")
    documents.write(document)
    documents.write(document.model_copy(update={"suite": other}))
    with pytest.raises(UsageError, match=r"several suites.*Name one of other, tiny"):
        alharness.results(tmp_path)
    assert alharness.results(tmp_path, "tiny") == document


def test_a_unit_that_fails_is_in_the_document(finished, suite, tmp_path):
    """Of a suite that was read before, with a plugin of a file, tracked where MLflow is there."""
    places = {"workspace": tmp_path / "w", "tracking_uri": f"sqlite:///{finished[0] / 'mlflow.db'}"}
    file = tmp_path / "broken.py"
    file.write_text(
        "import alharness\n"
        "class Broken(alharness.Sampler):\n"
        "    def query(self, pool, budget, rng):\n"
        "        raise ArithmeticError('no idea')\n"
        "@alharness.hookimpl\n"
        "def alharness_samplers():\n"
        "    yield alharness.SamplerSpec('broken', Broken, summary='Fails')\n"
    )
    document = alharness.bench(
        load_suite(suite), plugins=["broken"], plugin_files=[file], **places, **HOW
    )
    assert len(document.failures) == 2
    assert all("no idea" in line for line in document.failures)


@pytest.mark.parametrize(
    ("asked", "arguments"),
    [
        ({"suite": "no-such-suite"}, ["--suite", "no-such-suite"]),
        ({"suite": "none.toml"}, ["--suite", "none.toml"]),
        ({"suite": "digits", "plugins": ["no-one"]}, ["--suite", "digits", "--plugin", "no-one"]),
    ],
)
@pytest.mark.parametrize("command", ["bench", "plan"])
def test_errors_are_those_of_the_command(command, asked, arguments, tmp_path):
    with pytest.raises(UsageError) as raised:
        getattr(alharness, command)(**asked, workspace=tmp_path)
    result = cli(command, *arguments, "--workspace", tmp_path)
    assert result.exit_code == ExitCode.USAGE
    assert result.stderr == f"Error: {raised.value}\n"


@pytest.mark.parametrize("limit", [{"query_timeout": 0}, {"query_memory": 0}])
def test_limits_that_nothing_keeps_are_refused(limit, tmp_path):
    (name,) = limit
    with pytest.raises(UsageError, match=f"{name} is 0"):
        alharness.bench("digits", workspace=tmp_path / "w", **limit)
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    ("function", "command"),
    [(commands.bench, bench_command.bench), (commands.plan, plan_command.plan)],
)
def test_arguments_and_defaults_are_those_of_the_command(function, command, monkeypatch):
    for name in ("ALHARNESS_DEVICE", "ALHARNESS_EXECUTOR", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    context = command.make_context("command", [])
    arguments = inspect.signature(function).parameters
    assert set(context.params) - {"as_json"} == set(arguments)
    for name, argument in arguments.items():
        if name != "suite":
            assert context.params[name] == argument.default, name


def test_the_functions_are_there_whatever_was_imported_before():
    code = (
        "import sys, alharness\n"
        "assert 'alharness.session' not in sys.modules and 'torch' not in sys.modules\n"
        "early = alharness.bench, alharness.plan, alharness.results\n"
        "import alharness.results.document, alharness.session.commands as commands\n"
        "assert (alharness.bench, alharness.plan) == (commands.bench, commands.plan)\n"
        "assert alharness.results is early[2] and callable(alharness.results)\n"
        "from alharness import load_results, results, bench, plan\n"
        "from alharness import *\n"
        "assert not {'torch', 'pandas'} & set(sys.modules)\n"
        "try:\n"
        "    alharness.nothing\n"
        "except AttributeError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "module 'alharness' has no attribute 'nothing'\n", done.stderr


def test_the_page_runs(finished, suite, monkeypatch, capsys):
    """Cell by cell, with the small suite in the place of digits-quick."""
    workspace, document = finished
    monkeypatch.chdir(workspace.parent)
    cells = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    notebook = {}
    for cell in cells:
        cell = cell.replace('"digits-quick"', f'"{suite}"')
        cell = cell.replace('plugins=["margin"]', f'plugins=["margin"], **{HOW}')
        exec(cell, notebook)
    assert notebook["plan"].distinct_units.total == 20
    assert notebook["document"].scenarios == document.scenarios
    printed = capsys.readouterr().out.splitlines()
    frame = ["labels", "method", "margin", "random"]
    assert [line.split()[0] for line in printed] == ["random", "margin", *frame]


@pytest.mark.slow
@pytest.mark.parametrize("from_file", [True, False], ids=["file", "stdin"])
def test_a_script_needs_no_guard(tmp_path, from_file):
    """Its top level runs once: no worker imports it."""
    (tmp_path / "tiny.toml").write_text(SUITE)
    script = tmp_path / "script.py"
    script.write_text(
        "import alharness\n"
        "print('once')\n"
        "document = alharness.bench('tiny.toml', executor='local', jobs=1, device='cpu')\n"
        "print(len(document.failures))\n"
    )
    command = [sys.executable, *([str(script)] if from_file else ["-"])]
    given = None if from_file else script.read_text()
    finished = subprocess.run(command, input=given, cwd=tmp_path, capture_output=True, text=True)
    assert finished.stdout.split() == ["once", "0"], finished.stderr
    assert "Traceback" not in finished.stderr

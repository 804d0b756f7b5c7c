"""Command lines of the documentation, as written; those that cannot be, as far as they can."""

import re
import shlex
import tomllib
from contextlib import suppress
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from alharness import HarnessError
from alharness.cli.main import alharness
from alharness.testing import find_subject

ROOT = Path(__file__).parents[3]
CI = (ROOT / ".ci" / "run").read_text()

NOT_CARRIED_OUT = {
    "python3 -m venv .venv && .venv/bin/pip install -e . && "
    ".venv/bin/alharness bench --suite digits-quick": "downloads gigabytes; .ci/run does it",
    "python3 -m venv .venv && .venv/bin/pip install -e .[test] && "
    ".venv/bin/python -m pytest": "downloads gigabytes; .ci/run does it",
    "python3 -m venv .venv && .venv/bin/pip install -e .[test]": "the same",
    ".venv/bin/python -m pytest": "is these tests; .ci/run does it",
    ".venv/bin/python -m pytest -m slow": "is these tests; .ci/run does it",
    ".venv/bin/ruff check . && .venv/bin/ruff format . && .venv/bin/mypy && "
    ".venv/bin/lint-imports": "would change the checkout; .ci/run does it",
    ".venv/bin/python -m pytest -n 0 tests/performance --benchmark-enable": "takes long",
    "alharness bench --suite docs/suites/my-cifar.toml --data-dir data": "wants images",
    "alharness bench --suite digits --looks": "takes long; tests/end_to_end/test_looks.py does it",
    "alharness bench --suite features-quick --data-dir data --download": "wants images",
    "alharness bench --suite foundation-features --scenario cifar10-efficientnet-lite0 "
    "--scenario digits-raw --data-dir data": "wants images; test_suites_on_features.py does it",
    "alharness plan --suite foundation-features": "tests/unit/cli/test_scenarios.py does it",
    "alharness plugins check vaal:epochs=1": "takes a minute; tests/conformance does it",
    "alharness plugins check timm:resnet18 --kind model": "takes long; tests/conformance does it",
    "mlflow ui --backend-store-uri sqlite:///alharness-workspace/mlflow.db": "never ends",
}
"""What is not carried out as it is written, and why; ``taken`` goes as far as it can."""


def spelled(line):
    return " ".join(shlex.split(line, comments=True))


def carry_out(block, shell):
    """Each line of a block in turn; what they print."""
    lines = [line for line in block.splitlines() if spelled(line)]
    said = []
    for line in lines:
        if spelled(line) in NOT_CARRIED_OUT:
            taken(spelled(line))
        else:
            said.append(shell.run(line))
    return "".join(said)


def taken(line):
    """Whether the programs of a line take what stands there."""
    for part in line.split(" && "):
        program, *words = part.split()
        {
            "alharness": alharness_takes,
            "mlflow": mlflow_takes,
            "pip": pip_takes,
            "python": python_takes,
        }.get(Path(program).name, ci_has)(program, words)


def alharness_takes(_, words):
    """The command takes the options; a suite can be planned, a plugin is there."""
    context = parsed(words)
    if context.info_name == "check":
        name, kind = context.params["name"], context.params["kind"]
        assert find_subject(name, kind, plugin_files=context.params["plugin_files"])
    if context.info_name == "bench":
        places = ["--suite", context.params["suite"], "--data-dir", context.params["data_dir"]]
        planned = CliRunner().invoke(alharness, ["plan", *map(str, places)])
        assert planned.exit_code == 0, planned.output


def mlflow_takes(_, words):
    from mlflow.cli import cli

    name, command, rest = cli.resolve_command(click.Context(cli), words)
    command.make_context(name, rest)


def pip_takes(_, words):
    """What is installed is this project, with extras that it has."""
    install, editable, what = words
    assert (install, editable) == ("install", "-e")
    extras = re.fullmatch(r"\.(?:\[(\w+)\])?", what)[1]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert extras is None or extras in project["optional-dependencies"]


def python_takes(_, words):
    assert words[:2] == ["-m", "pytest"]
    paths = [word for word in words if "/" in word]
    assert all((ROOT / path).exists() for path in paths)


def ci_has(program, _):
    assert Path(program).name == "python3" or program in CI


def parsed(words):
    """The context of the command that takes these words. Raises UsageError when none does."""
    context = alharness.make_context("alharness", list(words))
    while isinstance(context.command, click.Group):
        left = [*context._protected_args, *context.args]
        if not left:
            break
        name, command, left = context.command.resolve_command(context, left)
        context = command.make_context(name, left, parent=context)
    return context


def test_what_is_not_carried_out_stands_in_the_documentation(all_blocks):
    lines = {
        spelled(line)
        for one in all_blocks
        if one.language == "sh"
        for line in one.text.splitlines()
    }
    assert set(NOT_CARRIED_OUT) <= lines


WRONG = {
    "alharness bench --suite digits-quik": AssertionError,
    "alharness bench --suit digits-quick": click.UsageError,
    "alharness plugins check vaal:epoch=1": HarnessError,
    ".venv/bin/pip install -e .[tests]": AssertionError,
    ".venv/bin/python -m pytest tests/performances": AssertionError,
    ".venv/bin/flake8": AssertionError,
}


@pytest.mark.parametrize("line", WRONG)
def test_what_no_program_takes_is_seen(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WRONG[line]):
        taken(line)


def test_what_ci_runs(blocks, monkeypatch):
    monkeypatch.chdir(ROOT)
    for block in blocks:
        carry_out(block, shell=None)


def test_a_script_says_the_same_of_itself(blocks):
    """What it does is seen by tests/plugins/samplers/test_fidelity.py."""
    (block,) = blocks
    script = ROOT / block.splitlines()[-1].removeprefix("python ")
    said = script.read_text("utf-8")
    assert all(f"    {line}\n" in said for line in block.splitlines())


@pytest.mark.slow
def test_a_bench_is_followed(blocks):
    (block,) = blocks
    carry_out(block, shell=None)
    with pytest.raises(click.UsageError):
        taken("mlflow ui --backend-stores sqlite:///mlflow.db")


def test_statistics_of_a_csv_and_of_a_workspace(blocks, tmp_path, monkeypatch, blocks_of):
    """As written, and the page shows what is printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    documents = ROOT / "tests" / "unit" / "results" / "documents"
    reports = tmp_path / "alharness-workspace" / "reports"
    reports.mkdir(parents=True)
    (reports / "digits-quick.json").write_text((documents / "digits-quick-0.1.json").read_text())
    said = {}
    for line in "".join(blocks).splitlines():
        result = CliRunner().invoke(alharness, spelled(line).split()[1:])
        if "nll" in line:  # alharness 0.1 did not measure it
            assert "there are no values of 'nll'" in result.stderr
        else:
            assert (result.exit_code, result.stderr) == (0, ""), line
        said[spelled(line)] = "\n".join(map(str.rstrip, result.stdout.splitlines()))
    shown = blocks_of((ROOT / "docs" / "how-to" / "get-statistics.md").read_text(), "page")
    (printed,) = [one.text for one in shown if one.language == "text"]
    assert printed in said["alharness stats docs/how-to/digits-quick.csv"]
    assert len(list((tmp_path / "tables").rglob("*.tex"))) == 5


@pytest.fixture
def old_workspace(tmp_path, monkeypatch):
    """A folder to work in, with the workspace that alharness 0.1 left."""
    monkeypatch.chdir(tmp_path)
    documents = ROOT / "tests" / "unit" / "results" / "documents"
    reports = tmp_path / "alharness-workspace" / "reports"
    reports.mkdir(parents=True)
    (reports / "digits-quick.json").write_text((documents / "digits-quick-0.1.json").read_text())
    return tmp_path


@pytest.mark.usefixtures("old_workspace")
def test_a_site_is_built(blocks):
    for line in "".join(blocks).splitlines():
        result = CliRunner().invoke(alharness, spelled(line).split()[1:])
        assert (result.exit_code, result.stderr) == (0, ""), line
        assert result.stdout == "site/index.html\n"


@pytest.mark.slow
def test_a_paper_is_made(blocks, old_workspace):
    """As written; a figure that was made by hand is drawn as those of the kit."""
    commands, script = blocks
    for line in commands.splitlines():
        result = CliRunner().invoke(alharness, spelled(line).split()[1:])
        assert (result.exit_code, result.stderr) == (0, ""), line
        assert result.stdout == "site/index.html\nsite/paper\n"
    exec(script, {})
    (drawn,) = old_workspace.glob("site/paper/*/curves.svg")
    assert "12px" in (old_workspace / "curves.svg").read_text()
    assert "12px" not in drawn.read_text()


PROSE = sorted(
    {
        (path.name, " ".join(command.split()))
        for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
        for command in re.findall(r"(?<!`)`(alharness [a-z-][^`]*)`", path.read_text())
    }
)


@pytest.mark.parametrize(("page", "command"), PROSE)
def test_commands_within_sentences_are_taken(page, command):
    """Where a command is only named, its arguments may be missing."""
    with suppress(click.MissingParameter, click.exceptions.NoArgsIsHelpError):
        parsed(shlex.split(command)[1:])


@pytest.mark.slow
def test_the_tutorial_and_reading_its_results(shell, blocks, monkeypatch):
    monkeypatch.chdir(shell.folder)
    first, looks, module, second, own_images, reports, script, export, read, splits = blocks
    assert "│ coreset │" in carry_out(first, shell)
    assert "cycle" in carry_out(looks, shell)
    said = carry_out(reports, shell)
    assert said.count("Family of 2") == 4
    assert '"schema": 3' in said
    shell.write("script.py", script)
    lines = shell.run("python script.py").splitlines()
    assert [line.split()[0] for line in lines] == ["random", "margin", "coreset"]
    shell.write("my_new_sampler.py", module)
    assert "│ my_new_sampler │" in carry_out(second, shell)
    carry_out(own_images, shell)
    carry_out(export, shell)
    shell.write("read.py", read)
    picked = shell.run("python read.py").splitlines()
    assert len(picked) == 6  # my_new_sampler's file is not given
    assert all(line.endswith("[143]") for line in picked)
    assert "initial_fraction = 0.1\n" in carry_out(splits, shell)


@pytest.mark.slow
def test_a_bundle_goes_from_one_workspace_to_another(shell, blocks):
    (block,) = blocks
    said = carry_out(block, shell)
    assert " agree bit for bit, 0 within tolerance, 0 do not, 0 could not" in said
    assert " records taken over, 0 were there" in said
    assert "Units that others computed: random" in said
    assert "│ entropy │" in said


@pytest.mark.slow
def test_a_plugin_is_checked_by_the_command(shell, blocks, monkeypatch, first_sampler):
    monkeypatch.chdir(shell.folder)
    shell.write("my_new_sampler.py", first_sampler)
    shell.write("my-suite.toml", (ROOT / "docs" / "suites" / "my-cifar.toml").read_text())
    said = carry_out(*blocks, shell)
    assert said.count("rule ") == 3

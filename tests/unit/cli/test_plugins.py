"""``alharness plugins``: what it prints, where, and how it ends."""

import json
from importlib.metadata import distributions

import pytest
from click.testing import CliRunner

from alharness.cli.main import alharness

PLUGIN = """
import alharness
from pydantic import Field

class Parameters(alharness.Parameters):
    epochs: int = Field(15, description="Epochs of the [discriminator].")

class Mine:
    pass

@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec(
        "mine", Mine, summary="Picks [red]mine[/red].", citation="Me (2026)", parameters=Parameters
    )

@alharness.hookimpl
def alharness_models():
    yield alharness.ModelSpec("both", "torch.nn:Linear")

@alharness.hookimpl
def alharness_oracles():
    yield alharness.OracleSpec("both", "torch.nn:Linear", step_version="2")
"""


@pytest.fixture
def run(monkeypatch):
    """Runs a command where no distribution is installed."""
    monkeypatch.setattr(
        "alharness.registry.discovery.distributions", lambda: distributions(path=[])
    )
    return lambda *arguments: CliRunner().invoke(alharness, ["plugins", *map(str, arguments)])


@pytest.fixture
def plugin(tmp_path):
    file = tmp_path / "my.py"
    file.write_text(PLUGIN)
    return file


@pytest.fixture
def broken(tmp_path):
    file = tmp_path / "bad.py"
    file.write_text("raise ValueError('needs [bold]a licence')")
    return file


def test_list_groups_by_kind(run, plugin):
    result = run("list", "--plugin-file", plugin)
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [line for line in lines if len(line) == 1] == [["sampler"], ["model"], ["oracle"]]
    assert ["mine", "(file)", "-", "Picks", "[red]mine[/red]."] in lines


def test_list_of_one_kind(run, plugin):
    result = run("list", "--json", "--kind", "oracle", "--plugin-file", plugin)
    assert [one["kind"] for one in json.loads(result.stdout)["plugins"]] == ["oracle"]


def test_list_as_json(run, plugin, broken):
    result = run("list", "--json", "--plugin-file", plugin, "--plugin-file", broken)
    content = json.loads(result.stdout)
    assert content["schema"] == 1
    first = content["plugins"][0]
    assert len(first.pop("source")) == 32
    assert first == {
        "kind": "sampler",
        "name": "mine",
        "summary": "Picks [red]mine[/red].",
        "plugin": "my",
        "distribution": "(file)",
        "version": "-",
        "step_version": None,
        "conflict": False,
    }
    assert content["broken"] == [
        {
            "plugin": "bad",
            "distribution": "(file)",
            "version": "-",
            "reason": "cannot be imported: ValueError: needs [bold]a licence (bad.py, line 1)",
        }
    ]


def test_list_ends_with_what_cannot_be_used_and_succeeds(run, plugin, broken):
    result = run("list", "--plugin-file", broken, "--plugin-file", plugin)
    assert result.exit_code == 0
    assert "needs [bold]a licence" in result.stdout.splitlines()[-1]


def test_list_marks_conflicts_and_succeeds(run, plugin, tmp_path):
    other = tmp_path / "other.py"
    other.write_text(PLUGIN)
    result = run("list", "--plugin-file", plugin, "--plugin-file", other)
    assert result.exit_code == 0
    assert result.stdout.count("mine (conflict)") == 2


def test_plugin_files_may_come_from_the_environment(run, plugin, monkeypatch):
    monkeypatch.setenv("ALHARNESS_PLUGIN_FILE", str(plugin))
    assert "mine" in run("list").stdout


def test_show_tells_everything(run, plugin):
    result = run("show", "mine", "--json", "--plugin-file", plugin)
    description = json.loads(result.stdout)["plugin"]
    assert description["citation"] == "Me (2026)"
    assert description["factory"].endswith(":Mine")
    assert description["parameters"] == [
        {
            "name": "epochs",
            "type": "int",
            "default": 15,
            "description": "Epochs of the [discriminator].",
        }
    ]
    text = run("show", "mine", "--plugin-file", plugin).stdout
    for expected in (
        "sampler",
        "Me (2026)",
        description["source"],
        "Epochs of the [discriminator]",
    ):
        assert expected in text


def test_show_asks_for_the_kind_of_an_ambiguous_name(run, plugin):
    result = run("show", "both", "--plugin-file", plugin)
    assert result.exit_code == 2
    assert "'both' names a plugin of several kinds: model, oracle. Give --kind" in result.stderr
    result = run("show", "both", "--json", "--kind", "oracle", "--plugin-file", plugin)
    assert json.loads(result.stdout)["plugin"]["step_version"] == "2"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["show", "mime"], 2, "no plugin named 'mime'; did you mean 'mine'?"),
        (["show", "mime", "--kind", "sampler"], 2, "no sampler named 'mime'"),
        (["show", "mine", "--kind", "nothing"], 2, "Invalid value for '--kind'"),
        (["list", "--plugin-file", "nothing.py"], 2, "nothing.py' is not a Python file"),
    ],
)
def test_bad_input_is_one_line_on_stderr(run, plugin, monkeypatch, arguments, code, message):
    monkeypatch.setenv("ALHARNESS_PLUGIN_FILE", str(plugin))
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr.splitlines()[-1]


def test_show_of_a_broken_plugin_gives_its_reason(run, broken):
    result = run("show", "bad", "--plugin-file", broken)
    assert result.exit_code == 3
    assert "needs [bold]a licence" in result.stderr


def test_show_of_a_conflict_names_both(run, plugin, tmp_path):
    other = tmp_path / "other.py"
    other.write_text(PLUGIN)
    result = run("show", "mine", "--plugin-file", plugin, "--plugin-file", other)
    assert result.exit_code == 3
    assert "plugin 'my' ((file) -) and by plugin 'other' ((file) -)" in result.stderr

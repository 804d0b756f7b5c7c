"""The command in this process, in a folder of its own, and a small suite."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alharness.cli.main import alharness as the_command

SUITE = """
schema = 1
name = "small"
version = 1
title = "Small"
[protocol]
initial_sets = {initial_sets}
seeds = {seeds}
initial_fraction = 0.10
query_fraction = 0.05
final_fraction = {final}
validation_fraction = 0.10
[tuning]
trials = {trials}
scope = "{scope}"
[tuning.space]
learning-rate = {rate}
batch-size = 32
optimizer = "sgd"
[training]
epochs = 1
[methods]
compared = {compared}
reference = "random"
"""
SCENARIO = """
[[scenarios]]
name = "{name}"
dataset = "{dataset}"
model = {{ model = "mlp", hidden = 8, layers = 1 }}
regularizers = []
oracle = "perfect"
"""
DEFAULTS = {
    "initial_sets": 3,
    "seeds": 2,
    "final": 0.2,
    "trials": 4,
    "scope": "per-initial-set",
    "rate": "{ log = [1e-3, 1e-2] }",
    "compared": '["random", "margin", { sampler = "qbc", members = 3 }]',
}


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


@dataclass(frozen=True)
class Command:
    """Runs ``alharness`` where the folder is the current one."""

    folder: Path

    def __call__(self, *words: object) -> Result:
        return CliRunner().invoke(the_command, [*map(str, words)])

    def suite(self, scenarios: dict[str, str] | None = None, **changes: object) -> str:
        """Write a suite of scenarios, datasets by name, with other settings; its file's name."""
        text = SUITE.format(**(DEFAULTS | changes))
        for name, dataset in (scenarios or {"blots": "digits"}).items():
            text += SCENARIO.format(name=name, dataset=dataset)
        (self.folder / "small.toml").write_text(text)
        return "small.toml"

    def json(self, *words: object) -> dict:
        """What a command prints with ``--json``: strict, and alone on stdout."""
        result = self(*words, "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        return json.loads(result.stdout, parse_constant=refuse)

    def everything(self) -> dict[str, bytes | None]:
        """Every file with its bytes, and every folder."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes() if path.is_file() else None
            for path in self.folder.rglob("*")
        }


@pytest.fixture
def command(tmp_path, monkeypatch) -> Command:
    monkeypatch.chdir(tmp_path)
    return Command(tmp_path)


def cells(line: str) -> list[str]:
    """The cells of a table's row."""
    return [cell.strip() for cell in line.strip("│").split("│")]


@pytest.fixture(name="cells")
def cells_fixture():
    return cells

"""Checking: what authors call, what the command prints, how it ends."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import alharness.testing
from alharness import ExitCode, PluginError, UsageError
from alharness.cli.main import alharness as command
from alharness.cli.plugins.check import CHECKED_KINDS
from alharness.testing.memory import peak_memory

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "check-a-plugin.md"
EXAMPLE = ROOT / "tests" / "end_to_end" / "my_new_sampler" / "my_new_sampler.py"
ORACLES = Path(__file__).parent / "broken" / "oracles.py"


def rule(kind, name):
    (found,) = (one for one in alharness.testing.rules(kind) if one.name == name)
    return found


@pytest.fixture
def run():
    """Runs ``alharness plugins check``."""
    return lambda *arguments: CliRunner().invoke(
        command, ["plugins", "check", *map(str, arguments)]
    )


def test_a_sound_plugin_passes_in_silence():
    assert alharness.testing.check("perfect") is None


def test_broken_rules_are_all_listed_with_what_was_seen():
    with pytest.raises(AssertionError) as caught:
        alharness.testing.check("labels", plugin_files=[ORACLES])
    text = str(caught.value)
    assert text.startswith("oracle 'labels' ((file) -) breaks\n")
    for name in ("labels", "same-generator-same-labels"):
        assert f"\n  {name}: {rule('oracle', name).demand}\n" in text
    assert "the answer has shape (10,)" in text
    assert isinstance(caught.value.__cause__, alharness.ContractViolation)


def test_one_rule_alone():
    alharness.testing.check(
        "labels", only=rule("oracle", "inputs-unchanged"), plugin_files=[str(ORACLES)]
    )
    with pytest.raises(AssertionError, match="declarations"):
        alharness.testing.check(
            "declarations_cost", only=rule("oracle", "declarations"), plugin_files=[ORACLES]
        )


def test_a_rule_that_does_not_apply_passes(tmp_path):
    subject = alharness.testing.find_subject("cifar10", data_dir=tmp_path)
    one = rule("dataset", "images-and-labels").checked(subject)
    assert one.outcome is alharness.testing.Outcome.NOT_APPLICABLE
    assert str(tmp_path) in one.seen
    alharness.testing.check("cifar10", data_dir=tmp_path)


def test_an_exception_is_known_and_stays_true():
    known = {"declarations": "they pay us"}
    alharness.testing.check("declarations_cost", exceptions=known, plugin_files=[ORACLES])
    with pytest.raises(AssertionError, match="declarations: passed, though it is an exception"):
        alharness.testing.check("perfect", exceptions=known)
    with pytest.raises(AssertionError, match="breaks\n  labels: "):
        alharness.testing.check(
            "labels", exceptions={"same-generator-same-labels": "same"}, plugin_files=[ORACLES]
        )
    with pytest.raises(UsageError, match="no rule 'price' for the kind 'oracle'"):
        alharness.testing.check("perfect", exceptions={"price": "none"})


def test_parameters_are_those_that_are_checked():
    subject = alharness.testing.find_subject("qbc:members=3")
    assert subject.plugin.needs.committee == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "perfct"}, "did you mean 'perfect'"),
        ({"name": "perfect:noise=0.1"}, "no parameter 'noise'"),
        ({"name": "timm:", "kind": "model"}, "is a family"),
        ({"name": "digit", "kind": "suite"}, "no suite named 'digit'"),
        ({"name": "nowhere.toml", "kind": "suite"}, "there is no such file"),
        ({"name": "inlin", "kind": "executor"}, "did you mean 'inline'"),
    ],
)
def test_what_cannot_be_found_is_not_checked(arguments, message):
    with pytest.raises(UsageError, match=message):
        alharness.testing.check(**arguments)


def test_what_cannot_be_built_is_not_checked(tmp_path):
    file = tmp_path / "nowhere.py"
    file.write_text(
        "import alharness\n@alharness.hookimpl\ndef alharness_models():\n"
        '    yield alharness.ModelSpec("nowhere", "nowhere.to.be:Found")\n'
    )
    with pytest.raises(PluginError, match="importing its factory"):
        alharness.testing.check("nowhere", plugin_files=[file])


def test_kinds_without_rules():
    with pytest.raises(UsageError, match="Kinds with rules are sampler, "):
        alharness.testing.rules("tracker")


def test_the_command_knows_the_kinds_of_the_kit():
    assert CHECKED_KINDS == alharness.testing.KINDS


def test_the_command_lists_rules_and_succeeds(run):
    result = run("perfect")
    assert result.exit_code == ExitCode.DONE
    lines = result.stdout.splitlines()
    assert lines[0].startswith("oracle 'perfect' (alharness ")
    rows = lines[2:]
    assert len(rows) == len(alharness.testing.rules("oracle"))
    for one, row in zip(alharness.testing.rules("oracle"), rows, strict=True):
        assert row.startswith(f"{one} ")
        assert one.demand in row
        assert row.rstrip().endswith("passed")


def test_the_command_fails_when_a_rule_is_broken(run):
    result = run("inputs-unchanged", "--plugin-file", ORACLES, "--json")
    assert result.exit_code == ExitCode.CONFORMANCE == 5
    content = json.loads(result.stdout)
    assert (content["schema"], content["kind"]) == (1, "oracle")
    outcomes = {one["rule"]: one["outcome"] for one in content["rules"]}
    assert outcomes.pop("inputs-unchanged") == "broken"
    assert set(outcomes.values()) == {"passed"}
    (seen,) = (one["seen"] for one in content["rules"] if one["outcome"] == "broken")
    assert "indices changed" in seen


def test_the_command_tells_bad_input_from_broken_rules(run, tmp_path):
    assert run("perfct").exit_code == ExitCode.USAGE
    assert run("digits", "--kind", "executor").exit_code == ExitCode.USAGE
    broken = tmp_path / "bad.py"
    broken.write_text("raise ValueError\n")
    assert run("bad", "--plugin-file", broken).exit_code == ExitCode.PLUGIN


def test_what_a_plugin_prints_is_no_data(run, tmp_path):
    file = tmp_path / "loud.py"
    source = ORACLES.read_text().replace("return true_labels\n", "return print() or true_labels\n")
    file.write_text(source)
    result = run("declarations_cost", "--plugin-file", file, "--json")
    assert json.loads(result.stdout)["name"] == "declarations_cost"


@pytest.mark.parametrize("make", [np.ones, torch.ones], ids=["numpy", "torch"])
def test_peak_memory_counts_what_lives_at_the_same_time(make):
    size = 8 * 10**5 if make is np.ones else 4 * 10**5
    with peak_memory():
        make(10)
    with peak_memory() as one_by_one:
        for _ in range(5):
            make(10**5)
    with peak_memory() as together:
        kept = [make(10**5) for _ in range(5)]
    assert size <= one_by_one.bytes < 1.5 * size
    assert len(kept) * size <= together.bytes < 5.5 * size


@pytest.mark.slow
def test_the_page_shows_tests_that_run(tmp_path):
    (tmp_path / EXAMPLE.name).write_text(EXAMPLE.read_text())
    snippets = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    (tmp_path / "test_page.py").write_text("\n".join(snippets))
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_page.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout
    assert f"{1 + len(alharness.testing.rules('sampler'))} passed" in finished.stdout

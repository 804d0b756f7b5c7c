"""``alharness plugins`` with what is really installed, and the pages made of the same."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from alharness.protocol.components import Reference
from alharness.registry import discover
from alharness.registry.hookspecs import KINDS
from alharness.registry.page import file_name, index, page
from alharness.registry.parameters import describe_parameters

PAGES = Path(__file__).parents[3] / "docs" / "plugins"
SAMPLERS = """
import alharness
from typing import Literal
from pydantic import Field

class Parameters(alharness.Parameters):
    lambda_: float = Field(0.5, alias="lambda", description="weight | share")
    form: Literal["a", "b"] = "a"
    limit: int | None = None

class Mine(alharness.Sampler):
    '''Picks with ``numpy``.'''
    def __init__(self, lambda_, form, limit):
        pass
    def query(self, pool, budget, rng):
        return []

@alharness.hookimpl
def alharness_samplers():
    for name in ("mine", "margin"):
        yield alharness.SamplerSpec(name, Mine, summary="Picks [b]", parameters=Parameters)
"""


@pytest.fixture(scope="module")
def registry():
    return discover()


@pytest.fixture
def mine(command):
    (command.folder / "mine.py").write_text(SAMPLERS)
    return ("--plugin-file", "mine.py")


def test_the_list_has_every_built_in_under_its_kind(command, registry):
    result = command("plugins", "list")
    assert (result.exit_code, result.stderr) == (0, "")
    found, kind = [], None
    for line in result.stdout.splitlines():
        words = line.split()
        kind = words[0] if len(words) == 1 else kind
        if words[1:2] == ["alharness"]:
            found.append((kind, words[0]))
    built_in = [one for one in registry.registered if one.provenance.distribution == "alharness"]
    assert found == [(one.kind, one.name) for one in built_in]
    assert {kind for kind, _ in found} == set(KINDS)
    listed = command.json("plugins", "list")["plugins"]
    assert [(one["kind"], one["name"]) for one in listed] == [
        (one.kind, one.name) for one in registry.registered
    ]


def test_a_conflict_with_a_built_in_marks_both_and_spoils_no_other(command, mine):
    lines = command("plugins", "list", "--kind", "sampler", *mine).stdout.splitlines()
    marked = [line.split()[:3] for line in lines if "(conflict)" in line]
    assert sorted(marked) == [
        ["margin", "(conflict)", "(file)"],
        ["margin", "(conflict)", "alharness"],
    ]
    listed = command.json("plugins", "list", *mine)["plugins"]
    assert [one["name"] for one in listed if one["conflict"]] == ["margin", "margin"]
    asked = command("plan", "--suite", command.suite(), "--plugin", "margin", *mine)
    assert asked.exit_code == 3
    assert asked.stderr.count("\n") == 1
    assert "sampler 'margin' is registered by plugin 'margin' (alharness" in asked.stderr
    assert "(file) -" in asked.stderr
    asked = command("plan", "--suite", command.suite(), "--plugin", "mine", *mine)
    assert (asked.exit_code, asked.stderr) == (0, "")


def test_a_broken_plugin_stops_nothing_that_does_without_it(command):
    (command.folder / "broken.py").write_text("import nothing_of_that_name\n")
    broken = ("--plugin-file", "broken.py")
    listed = command.json("plugins", "list", *broken)
    (one,) = listed["broken"]
    assert (one["plugin"], one["distribution"]) == ("broken", "(file)")
    assert "nothing_of_that_name" in one["reason"]
    table = command("plugins", "list", *broken).stdout.splitlines()
    assert [line.strip() for line in table if line.startswith("cannot be used")]
    assert command("plan", "--suite", command.suite(), *broken).exit_code == 0
    needed = command("plan", "--suite", command.suite(), "--plugin", "broken", *broken)
    assert (needed.exit_code, needed.stdout) == (3, "")
    assert "nothing_of_that_name" in needed.stderr


def test_show_has_every_parameter_with_type_default_and_description(command, mine):
    lines = command("plugins", "show", "mine", *mine).stdout.splitlines()
    facts = dict(re.split(r" {2,}", line.strip(), maxsplit=1) for line in lines[:13])
    assert facts["summary"] == "Picks [b]"
    assert (facts["conflict"], facts["cost"], facts["step version"]) == ("no", "-", "-")
    assert lines[13].strip() == "parameters"
    rows = [re.split(r" {2,}", line.strip()) for line in lines[14:]]
    assert rows == [
        ["name", "type", "default", "description"],
        ["lambda", "float", "0.5", "weight | share"],
        ["form", "Literal['a', 'b']", '"a"'],
        ["limit", "int | None", "null"],
    ]


@pytest.mark.parametrize("name", ["vaal", "swa", "steps", "recorded", "image-folder", "local"])
def test_show_of_a_built_in_agrees_with_its_spec(command, registry, name):
    one = registry.find_any(name)
    shown = command.json("plugins", "show", name)["plugin"]
    assert (shown["kind"], shown["name"], shown["distribution"]) == (one.kind, name, "alharness")
    assert (shown["cost"], shown["citation"]) == (one.spec.cost, one.spec.citation)
    assert len(shown["parameters"]) == len(one.spec.parameters.model_fields) > 0
    lines = command("plugins", "show", name).stdout.splitlines()
    for told, row in zip(shown["parameters"], lines[-len(shown["parameters"]) :], strict=True):
        words = re.split(r" {2,}", row.strip())
        assert words == [
            told["name"], told["type"], json.dumps(told["default"]), told["description"]
        ]  # fmt: skip
        assert told["description"]


def test_show_of_a_member_names_it_and_its_family(command):
    shown = command.json("plugins", "show", "timm:resnet18", "--kind", "model")["plugin"]
    assert (shown["name"], shown["plugin"]) == ("timm:resnet18", "timm")


def test_a_page_says_what_show_says(mine, command):
    (one,) = [found for found in discover([command.folder / "mine.py"]).registered
              if found.name == "mine"]  # fmt: skip
    text = page(one)
    assert text.startswith("# sampler `mine`\n\nPicks [b].\n\nPicks with `numpy`.\n")
    assert 'In a suite: `{ sampler = "mine", lambda = 0.5 }`.' in text
    assert r"| `lambda` | `float` | `0.5` | weight \| share |" in text
    assert r"| `limit` | `int \| None` | `null` |  |" in text
    assert "## Requires\n\nNothing beyond" in text
    assert text.endswith("## Cost\n\nNot stated.\n")
    assert file_name(one) == "samplers/mine.md"
    assert "\n## Samplers\n\n| sampler | summary |\n| --- | --- |\n| [`mine`](" in index([one])


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"executor"}))
def test_what_pages_tell_to_write_into_a_suite_is_taken(registry, kind):
    """TOML has no null, and a family is nothing without a member."""
    for one in registry.registered:
        if one.kind == kind and one.provenance.distribution == "alharness":
            text = (PAGES / file_name(one)).read_text()
            told = re.findall(r"In a suite: `(.*)`\.$", text, flags=re.MULTILINE)
            assert len(told) == bool(describe_parameters(one.spec.parameters))
            for line in told:
                written = line.replace("= VALUE", "= 1").replace("NAME", "resnet18")
                (key, name), *rest = tomllib.loads(f"it = {written}")["it"].items()
                assert key == kind
                if "VALUE" not in line:
                    assert registry.component(kind, Reference(name, dict(rest))).kind == kind

"""What a key does not cover is said, in one line that names the plugin."""

import pytest

from alharness.protocol.components import Reference
from alharness.registry import discover

SAMPLER = """
import alharness
import json, os, sys, torch
{code}

class P(alharness.Parameters):
    text: str = ""
    texts: tuple[str, ...] = ()

class Mine(alharness.Sampler):
    def __init__(self, **parameters):
        pass

@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("mine", Mine, parameters=P)
"""


@pytest.fixture
def lines(dists, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def lines(code="", **parameters):
        (tmp_path / "mine.py").write_text(SAMPLER.format(code=code))
        registry = discover([tmp_path / "mine.py"])
        return list(
            registry.unfollowed(registry.component("sampler", Reference("mine", parameters)))
        )

    return lines


def test_what_is_followed_is_not_spoken_of(lines, tmp_path):
    (tmp_path / "helper_of_mine.py").write_text("")
    (tmp_path / "table.csv").write_text("")
    code = "sys.path.insert(0, os.path.dirname(__file__))\nimport helper_of_mine\nT = 'table.csv'"
    assert lines(code, text="red") == []


@pytest.mark.parametrize("name", ["text", "texts"])
def test_a_text_that_names_a_file(lines, tmp_path, name):
    (tmp_path / "w.pt").write_text("")
    given = {"text": "w.pt"} if name == "text" else {"texts": ["red", "w.pt"]}
    (line,) = lines(**given)
    assert line.startswith(f"sampler 'mine' ((file) -): parameter '{name}' is a text that names")
    assert "w.pt" in line
    assert "pathlib.Path" in line


def test_a_module_that_no_distribution_versions(lines, dists):
    dists.module("of_nobody/__init__.py", "")
    dists.module("of_nobody/part.py", "")
    (line,) = lines("import of_nobody.part as part")
    assert "sampler 'mine' ((file) -) imports 'of_nobody' from " in line


def test_a_folder_that_is_listed(lines):
    (line,) = lines("import os, glob; ALL = glob.glob(os.path.dirname(__file__) + '/*.csv')")
    assert "lists the folder of mine.py" in line


def test_a_file_elsewhere(lines, tmp_path):
    other = tmp_path / "elsewhere" / "w.pt"
    other.parent.mkdir()
    other.write_text("")
    (line,) = lines(f"WEIGHTS = {str(other)!r}")
    assert f"names the file '{other}' in mine.py" in line


def test_the_harness_own_have_nothing_to_say():
    registry = discover()
    for one in registry.registered:
        if not one.is_family and one.kind in ("sampler", "model", "regularizer"):
            component = registry.component(one.kind, Reference(one.name))
            assert list(registry.unfollowed(component)) == []

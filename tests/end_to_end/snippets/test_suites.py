"""Suites of the documentation are read by the reader of suites, and planned."""

import re

from click.testing import CliRunner

from alharness.cli.main import alharness
from alharness.protocol.suite.reading import parse_suite
from alharness.results.published import read_publication

SAMPLER = """
import alharness


class Temperature(alharness.Parameters):
    temperature: float = 1.0


class Mine(alharness.Sampler):
    def __init__(self, temperature):
        pass

    def query(self, pool, budget, rng):
        return range(budget)


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("my_new_sampler", Mine, parameters=Temperature)
"""
"""The sampler that the suite of the reference names, with the parameter that it sets."""


def test_the_suite_of_the_reference_is_read_and_planned(blocks, tmp_path, monkeypatch):
    (text,) = blocks
    parse_suite(text, "docs/suites.md")
    settings = re.findall(r"^# [\w-]+ = .*$", text, flags=re.MULTILINE)
    assert len(settings) == 9
    for setting in settings:
        with_it = text.replace(setting, setting.removeprefix("# "))
        if "not beside a regularizer" in setting:
            with_it = with_it.replace('regularizers = ["weight-decay"]', "regularizers = []")
        parse_suite(with_it, setting)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(text)
    (tmp_path / "mine.py").write_text(SAMPLER)
    words = ["plan", "--suite", "mine.toml", "--plugin-file", "mine.py"]
    planned = CliRunner().invoke(alharness, words)
    assert planned.exit_code == 0, planned.output
    assert "my_new_sampler:temperature=2" in planned.output


def test_the_published_results_of_the_reference_are_read(blocks, tmp_path):
    (text,) = blocks
    settings = re.findall(r"^# \w+ = .*$", text, flags=re.MULTILINE)
    assert len(settings) == 4
    for setting in ("", *settings):
        path = tmp_path / "someone2026.toml"
        path.write_text(text.replace(setting, setting.removeprefix("# ")))
        (table,) = read_publication(path).published()
        assert [row.row for row in table.methods] == ["RS", "Margin"]

"""Suites of the documentation are read by the reader of suites, and planned."""

import re

from click.testing import CliRunner

from alharness.cli.main import alharness
from alharness.protocol.suite.reading import parse_suite
from alharness.results.publication import read_publication

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
    assert len(settings) == 23
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


def test_the_ways_to_write_budgets(blocks, all_blocks):
    """Each in place of the first in the suite of the reference."""
    page = [one.text for one in all_blocks if one.page == "docs/suites.md"]
    suite = next(text for text in page if text.startswith("schema = 1"))
    first, labels, listed = blocks
    written = re.compile(r"^(initial|query|final)_fraction = .*\n", flags=re.MULTILINE)
    assert len(written.findall(suite)) == 3
    without = written.sub("", suite)
    cycles = []
    for block in (first, labels, listed):
        text = without.replace("validation_fraction", f"{block}validation_fraction", 1)
        cycles.append(parse_suite(text, "docs/suites.md").protocol.schedule.n_cycles)
    assert cycles == [4, 21, 5]
    other = re.search(r"\[0\.1.*?\]", listed)[0]
    text = without.replace("validation_fraction", f"budgets = {other}\nvalidation_fraction", 1)
    assert parse_suite(text, "docs/suites.md").protocol.n_cycles == 3


def test_cycle_0_and_later_ones_of_the_reference(blocks, all_blocks):
    """In place of the tables of the suite of the reference."""
    (text,) = blocks
    page = [one.text for one in all_blocks if one.page == "docs/suites.md"]
    suite = next(one for one in page if one.startswith("schema = 1"))
    space = re.compile(r"\[tuning\.space\].*?(?=\[training\])", flags=re.DOTALL)
    fixed = space.sub("", suite).replace("trials = 50", "trials = 1")
    fixed = fixed.replace('scope = "per-initial-set"', 'scope = "fixed"')
    read = parse_suite(f"{fixed}\n{text}", "docs/suites.md")
    assert [read.training.of_cycle(cycle).epochs for cycle in (0, 1, 2)] == [200, 100, 100]
    assert read.tuning.lines_of(1)["learning-rate"].options == (0.01,)


def test_the_published_results_of_the_reference_are_read(blocks, tmp_path):
    (text,) = blocks
    settings = re.findall(r"^# \w+ = .*$", text, flags=re.MULTILINE)
    assert len(settings) == 10
    for setting in ("", *settings):
        path = tmp_path / "someone2026.toml"
        path.write_text(text.replace(setting, setting.removeprefix("# ")))
        (table,) = read_publication(path).published()
        assert [row.row for row in table.methods] == ["RS", "Margin"]

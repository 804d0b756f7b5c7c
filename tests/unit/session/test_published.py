"""A suite names published results; its bench's document holds them."""

from pathlib import Path

import pytest

from alharness import PluginError, UsageError
from alharness.protocol.suite.reading import load_suite, parse_suite
from alharness.registry import discover
from alharness.results.collect import collect
from alharness.results.reading import from_json
from alharness.session.published import find_published, with_published

SUITES = Path(__file__).parents[3] / "benchmarks" / "alharness_suites"


@pytest.fixture(scope="module")
def registry():
    return discover()


def named(*names: str):
    """The suite cifar, whose first scenario is held against these tables alone."""
    text = (SUITES / "cifar.toml").read_text()
    start = text.index("published = [")
    end = text.index("]\n", start) + 2
    line = "published = [" + ", ".join(f'"{name}"' for name in names) + "]\n"
    return parse_suite(text[:start] + line + text[end:], "cifar.toml")


@pytest.mark.parametrize("name", ["cifar", "cifar-torchal"])
def test_tables_are_of_the_scenarios_conditions(registry, name):
    suite = load_suite(SUITES / f"{name}.toml")
    found = find_published(registry, suite, "suite")
    for scenario in suite.scenarios:
        tables = found[scenario.name]
        assert tuple(table.name for table in tables) == scenario.published
        assert [table.initial_set for table in tables] == [0, 1, 2, 3, 4]
        for table in tables:
            assert (table.dataset, table.model) == (scenario.dataset.name, scenario.model.name)
            fractions = (table.initial_fraction, *table.fractions)
            assert fractions == tuple(map(float, suite.protocol.cumulative_fractions))
            compared = {method.name for method in suite.methods.compared}
            assert {row.method for row in table.methods} == compared
            assert table.runs == suite.protocol.seeds


def test_tables_stand_in_the_order_of_the_suite(registry):
    suite = named("munjal2022-table-9", "munjal2022-table-7")
    found = find_published(registry, suite, "suite")["cifar10-vgg16"]
    assert [table.source for table in found] == ["Table 9", "Table 7"]


def test_an_unknown_name_is_one_line(registry):
    with pytest.raises(UsageError) as caught:
        find_published(registry, named("munjal2022-tabel-7"), "suite 'cifar'")
    line = str(caught.value)
    assert "suite 'cifar', scenario 'cifar10-vgg16', published: no published results" in line
    assert "did you mean 'munjal2022-table-7'?" in line
    assert "\n" not in line


def test_a_file_that_keeps_to_no_format_is_told_when_it_is_named(tmp_path):
    (tmp_path / "results.toml").write_text('tables = [{ name = "bad-table-1" }]')
    (tmp_path / "ships.py").write_text(
        "import alharness, pathlib\n@alharness.hookimpl\ndef alharness_published():\n"
        "    yield pathlib.Path(__file__).with_name('results.toml')\n"
    )
    registry = discover([tmp_path / "ships.py"])
    find_published(registry, named(), "suite")
    with pytest.raises(UsageError, match=r"published: .*results\.toml, schema: is missing"):
        find_published(registry, named("bad-table-1"), "suite")


def test_a_plugin_that_shares_a_name_is_named(tmp_path):
    (tmp_path / "results.toml").write_text('tables = [{ name = "munjal2022-table-7" }]')
    (tmp_path / "ships.py").write_text(
        "import alharness, pathlib\n@alharness.hookimpl\ndef alharness_published():\n"
        "    yield pathlib.Path(__file__).with_name('results.toml')\n"
    )
    registry = discover([tmp_path / "ships.py"])
    with pytest.raises(PluginError, match=r"registered by .*'suites'.* and by .*'ships'"):
        find_published(registry, named("munjal2022-table-7"), "suite")


@pytest.fixture
def finished(make_bench, world):
    bench = make_bench(initial_sets=2, seeds=1, scope="fixed")
    one = world(bench)
    return collect(bench, one.finish(bench), one, [])


def test_a_document_holds_the_tables_and_reads_them_back(registry, finished):
    tables = find_published(registry, named("munjal2022-table-7"), "suite")["cifar10-vgg16"]
    (scenario,) = finished.scenarios
    assert scenario.published is None
    (nothing,) = with_published(finished, {}).scenarios
    assert nothing == scenario.model_copy(update={"published": ()})
    document = with_published(finished, {scenario.scenario: tables})
    again = from_json(document.to_json())
    assert again == document
    (table,) = again.scenarios[0].published
    assert table.methods[0].mean == (77.65, 81.39, 82.19)
    early = finished.to_json()
    for one in early["scenarios"]:
        del one["published"]
    assert from_json(early).scenarios[0].published is None

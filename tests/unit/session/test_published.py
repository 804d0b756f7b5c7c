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
    """The suite cifar, which is held against these tables alone, in its first scenario."""
    return parse_suite(written(*names), "cifar.toml")


def changed(name: str, changes: dict[str, str]):
    """The same with other lines: each of them where it stands first."""
    text = written(name)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    return parse_suite(text, "cifar.toml")


def written(*names: str) -> str:
    text = (SUITES / "cifar.toml").read_text()
    start = text.index("published = [")
    end = text.index("]\n", start) + 2
    line = "published = [" + ", ".join(f'"{name}"' for name in names) + "]\n"
    second = text.index("published = [", end)
    return text[:start] + line + text[end:second]


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
            assert fractions == tuple(map(float, suite.protocol.schedule.cumulative))
            compared = {method.name for method in suite.methods.compared}
            assert {row.method for row in table.methods} == compared
            assert table.runs == suite.protocol.seeds


SHIPPED = sorted(SUITES.glob("*.toml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_no_shipped_suite_is_held_against_what_it_has_no_budget_of(registry, path):
    suite = load_suite(path)
    for name, tables in find_published(registry, suite, "suite").items():
        (scenario,) = (one for one in suite.scenarios if one.name == name)
        budgets = {float(one) for one in suite.of(scenario).protocol.schedule.cumulative}
        for table in tables:
            assert budgets & set(table.budgets), table.name


STANDARD = 'regularizers = ["flip-crop", "weight-decay"]'
PERFECT = 'oracle = "perfect"'
DIFFERENT = [
    ("table-12", {}, "its dataset is cifar100, the scenario's cifar10"),
    ("table-4-r18", {}, "its model is resnet18, the scenario's vgg16"),
    ("table-s4-noise-20", {}, "its oracle is noisy:fraction=0.2, the scenario's perfect"),
    (
        "table-s4-noise-20",
        {PERFECT: 'oracle = "noisy"'},
        "its oracle is noisy:fraction=0.2, the scenario's noisy",
    ),
    (
        "section-6-4-cifar10",
        {},
        "its strong regularization is randaugment and swa, the scenario's none",
    ),
    (
        "table-7",
        {STANDARD: 'regularizers = ["flip-crop", "swa"]'},
        "its strong regularization is none, the scenario's swa",
    ),
    (
        "table-3-cifar10-swa",
        {STANDARD: 'regularizers = ["weight-decay", "strong"]'},
        "its strong regularization is swa, the scenario's randaugment and swa",
    ),
    (
        "table-2-validation-5",
        {'dataset = "cifar10"': 'dataset = "cifar100"'},
        "its validation fraction is 0.05, the scenario's 0.1",
    ),
    (
        "table-4-wrn-28-2",
        {'model = "vgg16"': 'model = "wrn-28-2"'},
        "its sets were labeled with vgg16, the scenario's with wrn-28-2",
    ),
    (
        "table-s2-vgg16",
        {'dataset = "cifar10"': 'dataset = "cifar100"'},
        'its model is vgg16:activation="leaky-relu", the scenario\'s vgg16',
    ),
    ("table-s6-cifar10", {}, "its queries are of the fraction 0.05, the scenario's of 0.1"),
]
"""A table, what is otherwise in the first scenario of the suite cifar, and what is said."""


@pytest.mark.parametrize(("table", "changes", "said"), DIFFERENT)
def test_a_table_of_another_condition_is_refused(registry, table, changes, said):
    with pytest.raises(UsageError) as caught:
        find_published(registry, changed(f"munjal2022-{table}", changes), "suite 'cifar'")
    line = str(caught.value)
    assert f"'munjal2022-{table}' is of another condition: {said}." in line
    assert "suite 'cifar', scenario 'cifar10-vgg16', published" in line
    assert "Leave it out, or name tables of the scenario's own condition" in line


AGREEING = [
    ("table-s4-noise-10", {PERFECT: 'oracle = "noisy"'}),
    ("table-s4-noise-20", {PERFECT: 'oracle = { oracle = "noisy", fraction = 0.2 }'}),
    ("table-s4-noise-20-sr", {PERFECT: 'oracle = { oracle = "noisy", fraction = 0.2 }',
                              STANDARD: 'regularizers = ["flip-crop", "weight-decay", "strong"]'}),
    ("table-3-cifar10-ra", {STANDARD: 'regularizers = ["randaugment", "weight-decay"]'}),
    ("table-2-validation-10", {'dataset = "cifar10"': 'dataset = "cifar100"'}),
    ("table-s6-cifar10", {"query_fraction = 0.10": "query_fraction = 0.05"}),
    ("table-s6-cifar10", {"query_fraction = 0.10": "query_labels = 2500",
                          "initial_fraction = 0.10": "initial_labels = 5000",
                          "final_fraction = 0.40": "final_labels = 20000"}),
    ("table-s2-vgg16", {'dataset = "cifar10"': 'dataset = "cifar100"', 'model = "vgg16"':
                        'model = { model = "vgg16", activation = "leaky-relu" }'}),
    ("table-7", {'model = "vgg16"': 'model = { model = "vgg16", head = "torchal" }'}),
]  # fmt: skip


def test_a_transfer_is_held_against_sets_that_the_same_model_labeled(registry):
    suite = load_suite(SUITES / "transfer.toml")
    found = find_published(registry, suite, "suite")
    for scenario in suite.scenarios:
        (table,) = found[scenario.name]
        assert (table.labeled_by is None) == (scenario.replay is None)
    alone = [one.model_copy(update={"replay": None}) for one in suite.scenarios]
    with pytest.raises(
        UsageError, match="its sets were labeled with vgg16, the scenario's with wrn"
    ):
        find_published(registry, suite.model_copy(update={"scenarios": tuple(alone)}), "suite")


@pytest.mark.parametrize(("table", "changes"), AGREEING)
def test_a_table_of_the_scenarios_condition_is_taken(registry, table, changes):
    suite = changed(f"munjal2022-{table}", changes)
    (found,) = find_published(registry, suite, "suite")["cifar10-vgg16"]
    assert found.name == f"munjal2022-{table}"


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

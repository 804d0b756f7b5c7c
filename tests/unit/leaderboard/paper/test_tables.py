"""The tables of a scenario beside its statistics, in every format."""

import csv
import io
import json

import pytest
from pylatexenc.latexwalker import LatexEnvironmentNode, LatexWalker

from alharness.leaderboard.paper.tables import document_tables
from alharness.leaderboard.site.board import board
from alharness.leaderboard.tables.writing import WRITERS

NAMES = (
    "overlap-first", "overlap-all", "costs", "times", "hyperparameters", "importance",
    "published-1", "provenance",
)  # fmt: skip


def tables_of(document):
    everything = board([document])
    return {one.name: one for one in document_tables(everything.entries[0], everything)}


@pytest.fixture(scope="module")
def tables(made_up):
    return tables_of(made_up.document(3))


def rows_of(table):
    return list(csv.DictReader(io.StringIO(WRITERS["csv"](table))))


def test_all_are_there_and_what_is_not_told_is_left_out(tables, changed):
    assert tuple(tables) == NAMES
    silent = changed(overlap=None, times=None, importance=None, published=None)
    assert tuple(tables_of(silent)) == ("costs", "hyperparameters", "provenance")


def test_numbers_are_those_of_the_document(tables, made_up):
    (scenario,) = made_up.document(3).scenarios
    overlap = [list(map(float, list(row.values())[1:])) for row in rows_of(tables["overlap-first"])]
    assert overlap == [list(row) for row in scenario.overlap.first]
    costs = rows_of(tables["costs"])[0]
    assert (costs["labels"], costs["labels_with_validation"]) == ("400", "500")
    assert costs["trainings"] == "80"
    assert costs["annotation_cost"] == ""
    times = rows_of(tables["times"])[0]
    assert (times["query_at_100"], times["training_seconds"]) == ("0.5", "900.0")
    assert rows_of(tables["importance"])[0]["share_learning-rate"] == "0.75"
    published = rows_of(tables["published-1"])[0]
    assert (published["method"], published["published_at_20"]) == ("RANDOM", "70.0")
    ours = 100 * made_up.document(3).findings["scenario-00"].methods["random"].curve[1].mean
    assert float(published["here_at_20"]) == pytest.approx(ours)


def test_a_strangers_published_row_of_another_length(made_up, changed):
    (scenario,) = made_up.document(2).scenarios
    (one,) = scenario.published
    rows = tuple(
        row.model_copy(update={"mean": mean, "deviation": deviation})
        for row, mean, deviation in zip(
            one.methods, [(1.0,), (1.0, 2.0, 3.0)], [(), (1.0, 2.0)], strict=True
        )
    )
    document = changed(2, published=(one.model_copy(update={"methods": rows}),))
    first, second = rows_of(tables_of(document)["published-1"])
    assert (first["published_at_20"], first["published_sd_at_20"]) == ("1.0", "")
    assert (second["published_at_30"], second["published_sd_at_30"]) == ("2.0", "2.0")


def test_every_format_of_what_strangers_are_called(made_up, nasty):
    for table in tables_of(made_up.document(["random", nasty, "\\end{table}"])).values():
        text = WRITERS["tex"](table)
        assert text.isascii()
        nodes = LatexWalker(text, tolerant_parsing=False).get_latex_nodes()[0]
        (outer,) = (node for node in nodes if isinstance(node, LatexEnvironmentNode))
        assert outer.environmentname == "table"
        page = WRITERS["md"](table)
        assert "<script>" not in page
        body = [line for line in page.splitlines() if line.startswith("|")]
        assert len(body) == 2 + len(table.rows)
        assert len(json.loads(WRITERS["json"](table))["rows"]) == len(table.rows)

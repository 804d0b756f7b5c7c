"""Published numbers beside ours on a page: which cells there are, and what is said of them."""

import re

import pytest

from alharness.leaderboard.site.board import board
from alharness.leaderboard.site.build import site
from alharness.leaderboard.site.published import published_tables


@pytest.fixture
def beside(made_up):
    """The published table of a document of two methods, with other fields, beside its results."""

    def made(**changes):
        (scenario,) = made_up.document(methods=2).scenarios
        (one,) = scenario.published
        document = made_up.of(
            [scenario.model_copy(update={"published": (one.model_copy(update=changes),)})]
        )
        (table,) = published_tables(board([document]).entries[0])
        return table, document

    return made


def texts(table):
    return [[row.head.text, *(cell.text for cell in row.cells)] for row in table.table.rows]


def test_each_budget_has_a_published_column_and_ours(beside):
    table, document = beside()
    titles = [column.title for column in table.table.columns]
    assert titles == ["method", *(
        f"{share} {whose}" for share in ("10%", "20%", "30%") for whose in ("published", "here")
    )]  # fmt: skip
    curve = document.findings["scenario-00"].methods["random"].curve
    ours = [f"{100 * point.mean:.2f} ({100 * point.std:.2f})" for point in curve[:3]]
    assert texts(table)[0] == [
        "RANDOM", "60.00", ours[0], "70.00 (1.00)", ours[1], "75.00 (0.50)", ours[2],
    ]  # fmt: skip


def test_a_single_number_without_deviation_is_a_table_too(beside):
    (row, _) = beside()[1].scenarios[0].published[0].methods
    one = row.model_copy(update={"mean": (71.5,), "deviation": None, "row": "+ SWA"})
    table, document = beside(
        initial_fraction=None, initial_accuracy=None, fractions=(0.2,), methods=(one,), runs=None
    )
    point = document.findings["scenario-00"].methods["random"].curve[1]
    ours = f"{100 * point.mean:.2f} ({100 * point.std:.2f})"
    assert texts(table) == [["+ SWA", "71.50", ours]]
    assert table.table.rows[0].head.detail == "random"
    assert "runs not told" in table.notes[0]


def test_where_no_cycle_has_as_many_labels_nothing_of_ours_stands_beside(beside):
    table, _ = beside(fractions=(0.15, 0.33))
    for row in texts(table):
        assert (row[3], row[4], row[5], row[6]) == ("70.00 (1.00)", "–", "75.00 (0.50)", "–")


def test_the_condition_is_told_and_where_ours_is_written_otherwise(beside):
    table, _ = beside(
        model="vgg16", oracle="noisy:fraction=0.2", strong_regularization=True,
        validation_fraction=0.05, query_fraction=0.1,
    )  # fmt: skip
    published, _, here, *_ = table.notes
    assert published == (
        "Published for dataset, vgg16, oracle noisy:fraction=0.2, with strong regularization, 5% "
        "for validation, queries of 10%, 5 runs."
    )
    assert here == "Here: model model."
    assert "with swa," in beside(
        strong_regularization=True, strong_regularizers=("swa",)
    )[0].notes[0]  # fmt: skip


def test_published_numbers_are_ranked_with_nothing(beside):
    """Neither in results, charts and matrices nor on the overview: in their own tables alone."""
    (row, _) = beside()[1].scenarios[0].published[0].methods
    odd = row.model_copy(update={"row": "UNHEARD-OF", "mean": (12.34, 23.45)})
    _, document = beside(methods=(odd,))
    for path, data in site([document]).items():
        text = data.decode(errors="ignore")
        if path.startswith("scenarios/"):
            start = text.index('<section aria-labelledby="published-title">')
            end = text.index("</section>", start)
            assert "UNHEARD-OF" in text[start:end]
            assert re.search("12.34", text[start:end])
            text = text[:start] + text[end:]
        assert "UNHEARD-OF" not in text, path
        assert "23.45" not in text, path

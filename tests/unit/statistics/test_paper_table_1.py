"""The paper's Table 1 from its Tables 7-16: the samples, the count, and the page of the docs."""

import csv
import runpy
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "explanation" / "paper-table-1.md"


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(ROOT / "benchmarks" / "paper_table_1.py"))


@pytest.fixture(scope="module")
def published(script):
    publication = script["read_publication"](script["FILE"])
    return publication.chains, {table.name: table for table in publication.published()}


@pytest.mark.parametrize("ddof", [0, 1])
def test_samples_have_exactly_the_published_means_and_deviations(script, published, ddof):
    chains, tables = published
    for chain in chains:
        found = script["samples"](chain, tables, ddof)
        for number, table in enumerate(tables[name] for name in chain.of):
            column = table.fractions.index(chain.fraction)
            for row in table.methods:
                runs = found[row.method][number]
                assert runs.shape == (5,)
                assert runs.mean() == pytest.approx(row.mean[column], abs=1e-9)
                assert runs.std(ddof=ddof) == pytest.approx(row.deviation[column], abs=1e-9)


def test_samples_are_written_as_stats_reads_them(script, published, tmp_path):
    chains, tables = published
    rows = [script["Row"](chain, None, script["samples"](chain, tables), {}) for chain in chains]
    script["write_csv"](rows, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cifar10.csv", "cifar100.csv"]
    with (tmp_path / "cifar10.csv").open(encoding="utf-8") as file:
        runs = list(csv.DictReader(file))
    assert list(runs[0]) == ["method", "initial_set", "seed", "budget", "accuracy"]
    assert len(runs) == 7 * 3 * 25
    own = [
        float(one["accuracy"])
        for one in runs
        if (one["method"], one["initial_set"], one["budget"]) == ("qbc", "2", "30")
    ]
    assert np.mean(own) == pytest.approx(0.8139)
    assert np.std(own, ddof=1) == pytest.approx(0.033)


@pytest.fixture(scope="module")
def rows(script):
    return script["table_1"]()


@pytest.mark.slow
def test_35_of_36_cells_agree(rows):
    """Against Table 1 of Munjal et al. (2022). UC at 40 % contradicts the paper's own tables."""
    wrong = [(row.published.row, method) for row in rows for method in row.disagreeing]
    assert len(rows) * 6 == 36
    assert wrong == [("C10 (40%)", "least-confidence")]
    assert [row.unsure for row in rows] == [(), ("bald",), (), (), (), ()]


@pytest.mark.slow
def test_games_howell_of_one_pair_is_that_of_the_chain(script, rows):
    for row in rows:
        alone = script["games_howell"](row.runs, row.published.reference)
        assert alone == pytest.approx(dict(row.found.games_howell), rel=1e-6)
        for method, (low, high) in row.possible.items():
            assert low <= alone[method] <= high


@pytest.mark.slow
def test_kruskal_wallis_is_near_the_papers(rows):
    """It depends on more than mean and deviation: the same order of magnitude, but in one row."""
    distances = {
        row.published.row: abs(np.log10(row.found.kruskal_wallis / row.published.kruskal_wallis))
        for row in rows
    }
    assert {name for name, distance in distances.items() if distance > 0.5} == {"C10 (30%)"}
    assert max(distances.values()) < 1.5


@pytest.mark.slow
def test_the_page_is_what_the_script_prints(script, rows):
    """If this fails: ``python benchmarks/paper_table_1.py > docs/explanation/paper-table-1.md``."""
    assert PAGE.read_text(encoding="utf-8") == script["page"](rows)

"""Published results: Tables 1 and 7 to 16 of the paper, and what a file may not hold.

The paper's numbers below were read from its text once more, apart from the data file.
"""

import hashlib
import re
from itertools import pairwise

import pytest

from alharness import UsageError
from alharness.results.publication import Publication, read_publication
from alharness.results.published import Published

METHODS = ["random", "coreset", "dbal", "bald", "vaal", "qbc", "least-confidence"]
"""RSB, Coreset, DBAL, BALD, VAAL, QBC, UC: the order of rows in every table."""


@pytest.fixture(scope="module")
def tables(paper) -> dict[str, Published]:
    """Those of a single initial set; the others are in ``test_published_paper.py``."""
    return {one.source: one for one in paper.published() if one.initial_set is not None}


def test_every_table_is_complete(tables):
    """Tables 7-11 are CIFAR-10, 12-16 CIFAR-100: a table for each initial set (supplement 2)."""
    assert list(tables) == [f"Table {number}" for number in range(7, 17)]
    for number, table in enumerate(tables.values(), 7):
        assert table.name == f"munjal2022-table-{number}"
        assert table.dataset == ("cifar10" if number < 12 else "cifar100")
        assert table.initial_set == (number - 7) % 5
        assert f"L0{table.initial_set}. The base model" in table.caption
        assert table.caption.startswith("CIFAR10 " if number < 12 else "CIFAR100 ")
        assert table.caption.endswith(f" {table.initial_accuracy}.")
        assert (table.model, table.strong_regularization, table.runs) == ("vgg16", False, 5)
        assert (table.initial_fraction, table.fractions) == (0.1, (0.2, 0.3, 0.4))
        assert [row.method for row in table.methods] == METHODS
        assert all(len(row.mean) == len(row.deviation) == 3 for row in table.methods)


def test_every_number_is_plausible(tables):
    """Accuracies rise with labels but for one (supplement 1.9), and deviate by 5 points at most."""
    falls = []
    for table in tables.values():
        low, high = (65, 87) if table.dataset == "cifar10" else (30, 60)
        for row in table.methods:
            assert all(low < mean < high for mean in (table.initial_accuracy, *row.mean))
            assert all(0.05 < deviation < 5 for deviation in row.deviation)
            assert all(round(one, 2) == one for one in (*row.mean, *row.deviation))
            course = (table.initial_accuracy, *row.mean)
            falls += [(table.source, row.row) for a, b in pairwise(course) if b < a]
    assert falls == [("Table 8", "UC")]


FIRST_AND_LAST = """
7  RSB 77.65 0.82 81.39 0.59 82.19 1.55  UC 73.35 4.84 81.98 0.93 84.49 1.18  69.16
8  RSB 77.85 0.65 81.68 0.39 82.71 0.42  UC 80.03 0.27 79.49 0.37 85.45 0.69  68.02
9  RSB 77.02 0.71 80.50 0.30 83.82 0.37  UC 78.16 0.85 81.80 0.45 84.91 0.69  70.34
10 RSB 75.84 1.91 80.93 1.20 83.17 0.52  UC 76.97 0.79 81.35 0.82 84.65 0.30  68.19
11 RSB 78.59 0.91 81.81 0.71 83.46 0.18  UC 77.38 1.17 81.82 1.86 85.62 0.30  67.19
12 RSB 46.67 0.30 51.43 0.81 55.06 0.35  UC 41.37 1.29 52.97 0.83 55.45 0.62  34.73
13 RSB 45.58 0.19 53.45 0.28 56.98 0.31  UC 37.48 0.45 53.01 0.16 57.80 0.09  32.73
14 RSB 44.71 0.64 50.01 0.36 56.27 0.84  UC 43.94 0.60 53.75 0.50 55.10 0.95  34.66
15 RSB 42.46 0.44 52.66 0.66 54.15 0.43  UC 46.96 0.41 53.07 0.57 56.35 0.79  30.44
16 RSB 41.15 0.89 50.61 0.40 56.77 0.55  UC 43.07 0.74 49.89 0.79 56.15 0.52  34.85
"""


@pytest.mark.parametrize("line", FIRST_AND_LAST.strip().splitlines(), ids=lambda line: line[:2])
def test_the_first_and_the_last_row_of_a_table(tables, line):
    number, *rows, base = line.split()
    table = tables[f"Table {number}"]
    assert table.initial_accuracy == float(base)
    for row, (name, *values) in zip(
        (table.methods[0], table.methods[-1]), (rows[:7], rows[7:]), strict=True
    ):
        assert row.row == name
        pairs = zip(row.mean, row.deviation, strict=True)
        assert [one for pair in pairs for one in pair] == [float(value) for value in values]


WITHIN = [
    (7, "DBAL", 2, 83.96, 2.01),
    (7, "VAAL", 0, 75.89, 2.41),
    (8, "Coreset", 0, 77.70, 1.31),
    (8, "QBC", 2, 85.34, 1.26),
    (9, "DBAL", 0, 75.9, 0.25),
    (9, "QBC", 1, 81.39, 3.3),
    (10, "BALD", 1, 82.11, 0.65),
    (10, "Coreset", 2, 83.82, 0.18),
    (11, "VAAL", 0, 73.67, 1.47),
    (11, "DBAL", 2, 85.13, 1.25),
    (12, "DBAL", 0, 45.53, 2.33),
    (12, "Coreset", 1, 49.73, 0.92),
    (13, "BALD", 1, 53.27, 0.12),
    (13, "VAAL", 2, 54.81, 1.23),
    (14, "BALD", 2, 54.97, 0.98),
    (14, "QBC", 0, 46.20, 0.72),
    (15, "VAAL", 1, 46.27, 0.72),
    (15, "BALD", 0, 47.21, 1.26),
    (16, "VAAL", 0, 44.86, 1.69),
    (16, "Coreset", 2, 56.28, 0.45),
]


@pytest.mark.parametrize(("number", "row", "column", "mean", "deviation"), WITHIN)
def test_cells_within_the_tables(tables, number, row, column, mean, deviation):
    (found,) = (one for one in tables[f"Table {number}"].methods if one.row == row)
    assert (found.mean[column], found.deviation[column]) == (mean, deviation)


def test_no_number_is_another_than_in_the_text_of_the_paper(tables):
    """The digest is of what a script found in the text of the paper, which is not in here."""
    lines = []
    for source, table in tables.items():
        lines.append(f"{source.removeprefix('Table ')} {table.initial_accuracy:.2f}")
        for row in table.methods:
            pairs = zip(row.mean, row.deviation, strict=True)
            lines.append(" ".join([row.row, *(f"{mean:.2f} {one:.2f}" for mean, one in pairs)]))
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert digest == "15b2359767fc604178089eded860fcc21ddaa97827aadf6936aab59817dea2f0"


def test_table_12_is_repeated_in_table_2(tables):
    """Its block for a validation set of 10 %, column by column."""
    means = [
        [46.67, 47.33, 45.53, 47.1, 39.73, 46.04, 41.37],
        [51.43, 49.73, 51.04, 50.4, 50.95, 53.2, 52.97],
        [55.06, 57.05, 58.06, 55.65, 55.23, 57.63, 55.45],
    ]
    deviations = [
        [0.3, 0.64, 2.33, 1.24, 0.43, 0.57, 1.29],
        [0.81, 0.92, 0.49, 0.88, 0.88, 0.38, 0.83],
        [0.35, 0.4, 0.51, 0.34, 0.63, 0.49, 0.62],
    ]
    rows = tables["Table 12"].methods
    assert [list(column) for column in zip(*(row.mean for row in rows), strict=True)] == means
    assert [
        list(column) for column in zip(*(row.deviation for row in rows), strict=True)
    ] == deviations


def test_table_1(paper):
    """As printed; UC as the paper spells it."""
    spelled = paper.rows
    rows = [
        (one.row, *([spelled[name] for name in column] for column in (one.better, one.worse)))
        for one in paper.chains
    ]
    assert rows == [
        ("C10 (20%)", [], []),
        ("C10 (30%)", [], ["VAAL"]),
        ("C10 (40%)", ["BALD", "DBAL", "QBC"], ["UC"]),
        ("C100 (20%)", ["Coreset", "QBC"], []),
        ("C100 (30%)", ["QBC"], ["VAAL"]),
        ("C100 (40%)", ["Coreset", "DBAL", "QBC"], []),
    ]
    p_values = [9.35e-4, 2.67e-9, 8.54e-19, 1.13e-8, 1.84e-12, 5.63e-16]
    assert [one.kruskal_wallis for one in paper.chains] == p_values
    assert [one.unnamed for one in paper.chains] == [(), (), (), ("vaal",), (), ()]
    assert [len(one.undetermined) for one in paper.chains] == [6, 5, 2, 3, 4, 3]


def test_table_1_has_each_method_once_in_each_row(paper):
    tables = {table.name: table for table in paper.published()}
    for number, chain in enumerate(paper.chains):
        assert sorted(chain.methods) == sorted(METHODS[1:])
        assert (chain.reference, chain.runs) == ("random", 25)
        assert chain.fraction == (0.2, 0.3, 0.4)[number % 3]
        datasets = {tables[name].dataset for name in chain.of}
        assert datasets == {"cifar10" if number < 3 else "cifar100"}
        assert sum(tables[name].runs for name in chain.of) == 25


def test_section_6_2_counts_table_1(paper):
    """'QBC was superior to RSB in 4 out of 6 experiments, … Coreset 2/6, DBAL 2/6, BALD 1/6.'"""
    better = [method for chain in paper.chains for method in chain.better]
    assert {method: better.count(method) for method in better} == {
        "qbc": 4,
        "coreset": 2,
        "dbal": 2,
        "bald": 1,
    }


def test_labels_are_counted_as_suites_count_them(tables):
    assert tables["Table 7"].labels(50_000) == (5_000, 10_000, 15_000, 20_000)
    assert tables["Table 7"].labels(1_437) == (144, 287, 431, 575)


TINY = """\
schema = 1
name = "tiny"
citation = "Someone (2026). A paper"
url = "https://example.org"
unit = "%"
[rows]
random = "RS"
margin = "M"
[[tables]]
name = "tiny-table-1"
source = "Table 1"
caption = "Accuracies."
dataset = "digits"
model = "mlp"
strong_regularization = true
runs = 3
fractions = [0.2, 0.4]
[tables.accuracy]
random = [[50, 1.0], [60.0, 0.5]]
margin = [[51.0, 1.0], [61.5, 0.0]]
[[chains]]
source = "Table 2"
row = "40 %"
of = ["tiny-table-1"]
fraction = 0.4
reference = "random"
runs = 3
better = ["margin"]
worse = []
undetermined = []
kruskal_wallis = 0.01
"""


def read(tmp_path, text: str | bytes) -> Publication:
    path = tmp_path / "tiny.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_publication(path)


def test_a_small_publication(tmp_path):
    publication = read(tmp_path, TINY)
    (table,) = publication.published()
    assert table.methods[0].mean == (50.0, 60.0)
    assert table.methods[1].deviation == (1.0, 0.0)
    assert (table.initial_set, table.initial_fraction, table.initial_accuracy) == (None, None, None)
    assert table.citation == "Someone (2026). A paper"
    assert Published.model_validate_json(table.model_dump_json()) == table


def test_a_table_without_deviations_and_with_names_of_its_own(tmp_path):
    pairs = TINY[TINY.index("[tables.accuracy]") : TINY.index("[[chains]]")]
    text = TINY.replace("runs = 3\nfractions", "fractions").replace(
        pairs,
        'rows.margin = "MARGIN"\n[tables.accuracy_only]\nrandom = [50, 60]\nmargin = [1, 2]\n',
    )
    (table,) = read(tmp_path, text).published()
    assert [row.row for row in table.methods] == ["RS", "MARGIN"]
    assert [row.deviation for row in table.methods] == [None, None]
    assert table.printed(table.methods[1]) == ((1.0, None), (2.0, None))
    assert table.runs is None
    assert Published.model_validate_json(table.model_dump_json()) == table


def test_what_is_printed_of_a_row_begins_with_the_initial_set(tables):
    table = tables["Table 7"]
    assert table.budgets == (0.1, 0.2, 0.3, 0.4)
    first, second, *_ = table.printed(table.methods[0])
    assert (first, second) == ((69.16, None), (77.65, 0.82))


CHOICES = """\
[[choices]]
source = "Table 3"
caption = "Optimizers."
dataset = "digits"
model = "mlp"
hyperparameter = "optimizer"
of = 3
fractions = [0.2]
counts.sgd = [1]
counts.adam = [2]
"""


def test_choices_add_up(tmp_path):
    (choices,) = read(tmp_path, TINY + CHOICES).choices
    assert choices.counts == {"sgd": (1,), "adam": (2,)}
    for old, new, said in (
        ("sgd = [1]", "sgd = [2]", "choices[0].counts: 4 choices at 0.2, of 3 tunings"),
        ("sgd = [1]", "sgd = [1, 1]", "choices[0].counts.sgd: 2 counts for 1 fractions"),
    ):
        with pytest.raises(UsageError, match=re.escape(said)):
            read(tmp_path, TINY + CHOICES.replace(old, new))


WRONG = [
    ("schema = 1", "schema = 2", "schema: 2"),
    ('unit = "%"', 'unit = "share"', 'Write unit = "%"'),
    ('url = "https', 'url = "javascript', "url"),
    ('margin = "M"\n', "", "'margin' has no row name. Add it to rows"),
    ("runs = 3\nfractions", 'runs = "3"\nfractions', 'tables[0].runs: "3" (a string) does not fit'),
    ("strong_regularization = true\n", "", "tables[0].strong_regularization: is missing"),
    ("= true\nruns", '= false\nstrong_regularizers = ["swa"]\nruns', "of strong regularization"),
    ("runs = 3\nfractions", "run = 3\nfractions", "tables[0].run: unknown key"),
    ("[0.2, 0.4]", "[0.4, 0.2]", "tables[0].fractions: do not increase"),
    ("[0.2, 0.4]", "[0.2]", "tables[0].accuracy.random: 2 numbers for 1 fractions"),
    ("[[50, 1.0]", "[[50]", "tables[0].accuracy.random"),
    ("[tables.accuracy]", "[tables.accuracy_only]", "tables[0].accuracy_only.random"),
    ("[[chains]]", "[tables.accuracy_only]\nrandom = [1, 2]\n[[chains]]", "either accuracy or"),
    ("[tables.accuracy]", "[tables.rows]", "tables[0].rows.random"),
    ('model = "mlp"', 'model = "mlp:a=1,a=2"', "tables[0].model: 'a' is there twice"),
    ("[[50, 1.0]", "[[-50, 1.0]", "tables[0].accuracy.random"),
    ("[[50, 1.0]", "[[nan, 1.0]", "tables[0].accuracy.random"),
    ('name = "tiny-table-1"', 'name = "other-1"', "does not begin with 'tiny-'"),
    ('of = ["tiny-table-1"]', 'of = ["tiny-table-3"]', "no table 'tiny-table-3'"),
    ("fraction = 0.4\n", "fraction = 0.3\n", "with a column of 0.3"),
    ("worse = []", 'worse = ["margin"]', "chains[0]: its columns do not have each method"),
    ('better = ["margin"]', "better = []", "Sort in margin, random"),
    ("schema = 1", "schema = ", "holds no published results"),
    ("schema = 1", "schema = 2026-01-01", "holds no published results"),
]


@pytest.mark.parametrize(("old", "new", "said"), WRONG)
def test_a_mistake_is_one_line(tmp_path, old, new, said):
    assert old in TINY
    with pytest.raises(UsageError) as caught:
        read(tmp_path, TINY.replace(old, new, 1))
    line = str(caught.value)
    assert said in line
    assert "tiny.toml" in line
    assert "\n" not in line


def test_what_is_no_file_or_no_text_is_one_line(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_publication(tmp_path / "none.toml")
    with pytest.raises(UsageError, match="holds no published results"):
        read(tmp_path, b"\xff")
    with pytest.raises(UsageError, match="schema: is missing"):
        read(tmp_path, "")

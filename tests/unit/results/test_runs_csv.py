"""CSVs made anywhere: what is written is read back, and every mistake is one line."""

import csv
import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alharness import ExitCode, UsageError
from alharness.results import runs_csv
from alharness.results.runs_csv import read_runs

HEADER = "method,initial_set,seed,budget,accuracy"
GOOD = f"""{HEADER}
random,0,0,10,0.5
random,0,0,20,0.6
margin,0,0,10,0.5
margin,0,0,20,0.75
"""


@pytest.fixture
def written(tmp_path):
    """Writes a CSV; its path."""

    def write(text):
        path = tmp_path / "runs.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


names = st.text(
    st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters="\x00"), max_size=12
).filter(lambda name: name and name.strip() == name and name.isprintable())


@st.composite
def tables(draw):
    """Accuracies of methods, (I, J, C), at budgets; whole runs and single values are missing."""
    methods = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    budgets = sorted(draw(st.sets(st.integers(1, 10**6), min_size=1, max_size=4)))
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 3)), len(budgets))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = {method: rng.random(shape) for method in methods}
    for one in values.values():
        one[rng.random(shape) < 0.1] = np.nan
    return budgets, values, draw(st.randoms(use_true_random=False))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tables(), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_what_is_written_is_read_back(written, table, ends, mark):
    """In any order of rows, with any line ends, with or without a byte order mark."""
    budgets, values, random = table
    rows = [
        (method, i, j, budget, "" if np.isnan(one[i, j, c]) else repr(float(one[i, j, c])))
        for method, one in values.items()
        for i in range(one.shape[0])
        for j in range(one.shape[1])
        for c, budget in enumerate(budgets)
    ]
    methods = list(values)
    random.shuffle(rows)
    rows.sort(key=lambda row: methods.index(row[0]))
    stream = io.StringIO()
    csv.writer(stream, lineterminator=ends).writerows([HEADER.split(","), *rows])
    text = stream.getvalue().encode()
    runs = read_runs(written(b"\xef\xbb\xbf" + text if mark else text))
    assert runs.labels == tuple(budgets)
    assert list(runs.values["accuracy"]) == methods
    for method, one in values.items():
        np.testing.assert_array_equal(runs.values["accuracy"][method], one)


def test_a_run_may_be_missing_and_seeds_count_within_their_initial_set(written):
    text = f"{HEADER}\nrandom,a,7,10,0.1\nrandom,b,8,10,0.2\nrandom,b,9,10,0.3\nmargin,b,9,10,0.4\n"
    runs = read_runs(written(text)).values["accuracy"]
    np.testing.assert_array_equal(runs["random"][..., 0], [[0.1, np.nan], [0.2, 0.3]])
    np.testing.assert_array_equal(runs["margin"][..., 0], [[np.nan, np.nan], [np.nan, 0.4]])


def test_initial_sets_stand_in_the_order_of_their_numbers(written):
    rows = "".join(f"random,{i},0,10,0.{i:02}\n" for i in (10, 9, 1))
    values = read_runs(written(f"{HEADER}\n{rows}")).values["accuracy"]["random"]
    assert values[:, 0, 0].tolist() == [0.01, 0.09, 0.1]


def test_other_metrics_stand_beside_accuracy(written):
    text = GOOD.replace("accuracy", "nll,accuracy").replace(",0.", ",1.5,0.")
    runs = read_runs(written(text))
    assert set(runs.values) == {"nll", "accuracy"}
    assert runs.values["nll"]["random"].tolist() == [[[1.5, 1.5]]]


def replaced(old, new):
    assert old in GOOD
    return GOOD.replace(old, new, 1)


MISTAKES = {
    "empty": ("", "is empty. Columns are method"),
    "blank": ("\n \n", "is empty"),
    "no-runs": (HEADER, "holds no runs"),
    "missing-column": (replaced("initial_set,", ""), "line 1: column 'initial_set' is missing"),
    "no-metric": (replaced(",accuracy", ""), "line 1: there is no column of a metric"),
    "unknown-column": (
        replaced("accuracy", "acuracy"),
        "line 1: unknown column 'acuracy'. Did you mean 'accuracy'?",
    ),
    "column-twice": (replaced("accuracy", "seed"), "line 1: column 'seed' is there twice"),
    "semicolons": (GOOD.replace(",", ";"), "line 1: has one column. Separate columns by commas"),
    "too-few-cells": (replaced("random,0,0,20,0.6", "random,0,0"), "line 3: has 3 cells, the he"),
    "twice": (
        replaced("random,0,0,20,0.6", "random,0,0,10,0.6"),
        "line 3: run (random, initial set 0, seed 0) has budget 10 twice, in line 2 too",
    ),
    "uneven": (
        replaced("margin,0,0,20,0.75\n", ""),
        "line 4: run (margin, initial set 0, seed 0) has 1 of 2 budgets, not 20",
    ),
    "no-number": (replaced("0.75", "high"), "line 5: accuracy 'high' is not a number"),
    "decimal-comma": (replaced("0.75", '"0,75"'), "line 5: accuracy '0,75' is not a number"),
    "nan": (replaced("0.75", "nan"), "line 5: accuracy 'nan' is not a number"),
    "underscore": (replaced("0.75", "0.7_5"), "line 5: accuracy '0.7_5' is not a number"),
    "infinite": (replaced("0.75", "-inf"), "line 5: accuracy '-inf' is infinite"),
    "too-large": (replaced("0.75", "1e999"), "line 5: accuracy '1e999' is infinite"),
    "percent": (replaced("0.75", "75"), "line 5: accuracy '75' is not in 0..1. Is it percent?"),
    "negative": (replaced("0.75", "-0.1"), "line 5: accuracy '-0.1' is not in 0..1. Mend"),
    "no-method": (replaced("margin,0,0,20", ",0,0,20"), "line 5: method is empty"),
    "no-seed": (replaced("margin,0,0,20", "margin,0, ,20"), "line 5: seed is empty"),
    "long-name": (replaced("margin", "m" * 201), "line 4: method 'mmm"),
    "unprintable": (replaced("margin", "mar\x1b[31mgin"), "line 4: method 'margin' has more than"),
    "no-budget": (replaced("20,0.6", "20.5,0.6"), "line 3: budget '20.5' is no whole number"),
    "budget-0": (replaced("10,0.5", "0,0.5"), "line 2: budget '0' is no whole number of 1"),
    "unclosed": (replaced("margin", '"margin'), "is no CSV: unexpected end of data"),
    "latin-1": (
        replaced("margin", "Müller").encode("latin-1"),
        "line 4: byte 0xfc is no UTF-8. Save it as UTF-8",
    ),
    "utf-16": (GOOD.encode("utf-16"), "line 1: byte 0xff is no UTF-8"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_that_names_the_line(written, name):
    text, said = MISTAKES[name]
    path = written(text)
    with pytest.raises(UsageError) as refused:
        read_runs(path)
    message = str(refused.value)
    assert refused.value.exit_code is ExitCode.USAGE
    assert message.startswith(f"{path}")
    assert said in message
    assert "\n" not in message


def test_what_is_too_large_is_refused_before_it_is_read(written, monkeypatch):
    path = written(GOOD)
    monkeypatch.setattr(runs_csv, "LARGEST_FILE", 10)
    with pytest.raises(UsageError, match="has more than 0 MiB"):
        read_runs(path)


def test_few_rows_that_would_make_a_huge_table_are_refused(written, monkeypatch):
    monkeypatch.setattr(runs_csv, "MOST_VALUES", 100)
    rows = "".join(f"m{n},{n},0,10,0.5\n" for n in range(11))
    with pytest.raises(UsageError, match="11 methods x 11 initial sets x 1 seeds x 1 budgets are"):
        read_runs(written(f"{HEADER}\n{rows}"))


@pytest.mark.parametrize("make", ["folder", "absent"])
def test_what_is_no_file(tmp_path, make):
    path = tmp_path / "runs.csv"
    if make == "folder":
        path.mkdir()
    with pytest.raises(UsageError, match=r"runs\.csv: cannot be read"):
        read_runs(path)

"""Tables in Markdown, CSV and JSON, and what stands in their cells."""

import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alharness.leaderboard.tables.csv import csv_text
from alharness.leaderboard.tables.json import json_value
from alharness.leaderboard.tables.markdown import escaped, markdown
from alharness.leaderboard.tables.table import Column, Estimate, Kind, Table
from alharness.leaderboard.tables.writing import WRITERS, write_tables


def test_cells_as_people_read_them(table):
    first, second, nothing, _ = table.texts()
    assert first == [
        "margin", "25", "50.00", "0.0039", "92.38 ± 1.76 ▲", "-0.55 [-1.20, +0.10]",
        "0.35 [0.24, 0.67]", "[-1.21, +0.11]",
    ]  # fmt: skip
    assert second[1:] == ["0", "0.00", "<0.0001", "50.00", "+0.00", "≥ 20.00", "–"]
    assert nothing == ["–"] * 8


@pytest.mark.parametrize(
    ("kind", "cell"),
    [(Kind.TEXT, 1), (Kind.COUNT, 0.5), (Kind.NUMBER, "x"), (Kind.NUMBER, Estimate(1.0)),
     (Kind.MEAN, 0.5)],
)  # fmt: skip
def test_a_cell_of_another_kind_is_refused(kind, cell):
    with pytest.raises(TypeError):
        Column("key", "title", kind).text(cell)


def test_rows_have_a_cell_for_each_column():
    with pytest.raises(ValueError, match="t: 1 cells, 2 columns"):
        Table("t", "", "", (Column("a", "a"), Column("b", "b")), (("x",),))


def test_markdown_has_a_line_for_each_row_and_no_markup_in_it(table, nasty):
    text = markdown(table)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    bars = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
    assert (len(lines), bars) == (2 + len(table.rows), {1 + len(table.columns)})
    assert lines[1] == "| --- " + "| ---: " * 7 + "|"
    assert "<" not in text
    assert "margin | 25 | 50.00 | 0.0039 | 92.38 ± 1.76 ▲ | -0.55 [-1.20, +0.10]" in text
    assert escaped(nasty) in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my_new_sampler", "my_new_sampler"),
        ("_x_", r"\_x\_"),
        ("[a](b)", r"\[a\](b)"),
        ("a|b", r"a\|b"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("**", r"\*\*"),
        ("a\nb", "a b"),
    ],
)
def test_text_stays_text_in_markdown(text, expected):
    assert escaped(text) == expected


def test_csv_has_numbers_as_they_are_computed(table, nasty):
    header, first, second, nothing, _ = csv.reader(io.StringIO(csv_text(table)))
    assert header == [
        "method", "runs", "share", "p", "mean", "mean_low", "mean_high", "mean_mark",
        "difference", "difference_low", "difference_high",
        "detectable", "detectable_low", "detectable_high", "detectable_bound",
        "bootstrap_low", "bootstrap_high",
    ]  # fmt: skip
    row = dict(zip(header, first, strict=True))
    assert (row["mean"], row["mean_mark"], row["difference_low"]) == ("0.9238", "better", "-0.012")
    assert second[0] == f"'{nasty}", "a formula is none"
    assert dict(zip(header, second, strict=True))["detectable_bound"] == "at-least"
    assert set(nothing) == {""}


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(0, 1))
def test_csv_is_read_back_to_the_last_bit(value, p):
    columns = (Column("a", "a", Kind.NUMBER), Column("p", "p", Kind.P_VALUE))
    table = Table("t", "", "", columns, ((value, p),))
    _, row = csv.reader(io.StringIO(csv_text(table)))
    assert [float(cell) for cell in row] == [value, p]


def test_json_has_everything(table):
    value = json.loads(json.dumps(json_value(table), allow_nan=False))
    assert value["columns"][4] == {
        "key": "mean", "title": "mean", "kind": "mean", "align": "right",
        "factor": 100, "digits": 2,
    }  # fmt: skip
    assert value["rows"][0]["mean"] == {
        "value": 0.9238, "low": 0.9062, "high": 0.9414, "mark": "▲", "bound": "",
    }  # fmt: skip
    assert value["rows"][2] == dict.fromkeys(one.key for one in table.columns)
    assert (value["caption"], value["notes"]) == (table.caption, list(table.notes))


def test_files_are_the_same_each_time_and_stay_in_their_folder(tmp_path, table):
    groups = ["../../up", "Up", "up", "", "中"]
    tables = [Table("t", group, "", table.columns, table.rows) for group in groups]
    for folder in ("a", "b"):
        write_tables(tables, tmp_path / folder)
    first = {
        path.relative_to(tmp_path / "a").as_posix(): path.read_bytes()
        for path in tmp_path.glob("a/**/*.*")
    }
    folders = {"up", "up-2", "up-3", "table", "table-2"}
    assert set(first) == {f"{folder}/t.{ending}" for folder in folders for ending in WRITERS}
    assert [path.name for path in tmp_path.iterdir()] in (["a", "b"], ["b", "a"])
    for name, data in first.items():
        assert (tmp_path / "b" / name).read_bytes() == data

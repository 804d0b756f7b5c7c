"""Figures as specifications, before they are drawn."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import alharness.leaderboard.site
from alharness.leaderboard.figures.curves import REFERENCE, style
from alharness.leaderboard.figures.heat_map import heat_map
from alharness.leaderboard.figures.lines import COLORS, DASHES, At, Line, lines
from alharness.leaderboard.figures.sheet import LONGEST_LABEL, shown_names, width_of

LABELS = (100, 200, 400)


def curve(name, drawn_as, start=50.0):
    return Line(name, drawn_as, tuple(At(n, start + n / 10, start, start + n) for n in LABELS))


CURVES = [curve("random", REFERENCE), *(curve(f"m{n}", style(n), 51.0 + n) for n in range(9))]


def data_of(specification):
    return specification["layer"][0]["data"]["values"]


def scales_of(specification, channel):
    """Each scale of a channel, wherever it stands."""

    def within(one):
        if isinstance(one, dict):
            if channel in one.get("encoding", {}) and "scale" in one["encoding"][channel]:
                yield one["encoding"][channel]["scale"]
            for part in one.get("layer", []):
                yield from within(part)

    return list(within(specification))


def test_every_curve_looks_different_without_colour_too():
    specification = lines(CURVES, "Accuracy, in %")
    names = [one.name for one in CURVES]
    ranges = {}
    for channel in ("color", "strokeDash", "shape"):
        for scale in scales_of(specification, channel):
            assert scale["domain"] == names
            ranges[channel] = [str(one) for one in scale["range"]]
    assert len(set(zip(*ranges.values(), strict=True))) == len(CURVES)
    assert len(set(zip(ranges["strokeDash"], ranges["shape"], strict=True))) == len(CURVES)


def test_colours_are_those_of_the_site():
    css = Path(alharness.leaderboard.site.__file__).with_name("static") / "site.css"
    light = css.read_text().split("--c0")[1].split("\n")[0]
    assert tuple(re.findall(r"#[0-9a-f]{6}", light)) == COLORS
    assert len({*DASHES}) == len(DASHES)


def test_values_and_intervals_are_drawn_as_they_are():
    specification = lines(CURVES[:2], "Accuracy, in %")
    one = next(row for row in data_of(specification) if row["method"] == "m0")
    assert (one["labels"], one["value"], one["low"], one["high"]) == (100, 61.0, 51.0, 151.0)
    low, high = specification["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert low <= 50
    assert high >= 451
    first, last = specification["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert all(first < row["at"] < last for row in data_of(specification))


def test_curves_stand_beside_one_another_round_their_numbers_of_labels():
    rows = [row for row in data_of(lines(CURVES, "Accuracy")) if row["labels"] == 200]
    at = [row["at"] for row in rows]
    assert at == sorted(at)
    assert len(set(at)) == len(CURVES)
    assert at[0] < 200 < at[-1]
    assert at[0] * at[-1] == pytest.approx(200**2)


def test_a_bound_a_missing_interval_and_zero():
    values = (At(100, 5.0), At(200, -3.0, bound=True))
    specification = lines([Line("a", style(0), values)], "Saved", around_zero=True)
    assert [row["bound"] for row in data_of(specification)] == [False, True]
    assert [row["low"] for row in data_of(specification)] == [None, None]
    assert specification["layer"][0]["layer"][0]["data"]["values"] == [{"zero": 0}]


@pytest.mark.parametrize(
    ("labels", "kind"), [((100,), "log"), ((0, 10), "linear"), ((1, 2, 10**9), "log")]
)
def test_any_numbers_of_labels(labels, kind):
    values = tuple(At(n, 1.0) for n in labels)
    specification = lines([Line("a", style(0), values)], "Accuracy")
    scale = specification["layer"][0]["encoding"]["x"]["scale"]
    assert scale["type"] == kind
    assert scale["domain"][0] < scale["domain"][1]


def test_nothing_to_draw():
    assert lines([], "Accuracy") is None
    assert lines([Line("a", style(0), ())], "Accuracy") is None


def test_a_heat_map_has_a_cell_for_each_share_but_for_the_diagonal():
    specification = heat_map(["a", "b", "c"], [[1, 0.5, None], [0.25, 1, 0.9], [0, 0, 1]], "", "")
    cells = {(one["row"], one["column"]): one for one in specification["data"]["values"]}
    assert {key: one["percent"] for key, one in cells.items()} == {
        ("a", "b"): 50, ("b", "a"): 25, ("b", "c"): 90, ("c", "a"): 0, ("c", "b"): 0,
    }  # fmt: skip
    assert [cells["b", "c"]["ink"], cells["b", "a"]["ink"]] == ["#ffffff", "#000000"]
    names = [f"method-{n}" for n in range(30)]
    large = heat_map(names, [[0.5] * 30] * 30, "", "")
    assert width_of(large) < 510  # points: a line of a two-column paper


@given(st.lists(st.text(max_size=60), unique=True, max_size=30))
def test_names_in_a_figure_are_short_and_nobody_elses(names):
    shown = shown_names(names)
    assert list(shown) == names
    assert len({*shown.values()}) == len(names)
    assert all(
        0 < len(one) <= LONGEST_LABEL and one.splitlines() == [one] for one in shown.values()
    )


EVIL = "datum.x} <script>alert(1)</script> {{'"


def test_what_a_method_is_called_is_never_an_expression():
    """A name stands in rows of data and in domains of scales, and nowhere else."""
    evil = next(iter(shown_names([EVIL]).values()))
    drawn = lines([Line(EVIL, style(0), (At(1, 1.0),))], "Accuracy")
    crossed = heat_map([EVIL, "b"], [[1, 0], [0, 1]], "", "")
    for one in (drawn, crossed):
        text = json.dumps(one)
        cleaned = json.dumps(without_data(one))
        assert json.dumps(evil) in text
        assert json.dumps(evil)[1:-1] not in cleaned


def without_data(value):
    if isinstance(value, dict):
        return {k: without_data(v) for k, v in value.items() if k not in ("values", "domain")}
    return [without_data(one) for one in value] if isinstance(value, list) else value

"""Curves over numbers of labels as a Vega-Lite specification."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alharness.api.text import one_line
from alharness.leaderboard.figures.curves import SHAPES, Style
from alharness.leaderboard.figures.scales import decimals, far_enough, round_values
from alharness.leaderboard.figures.sheet import (
    INK,
    Specification,
    axis,
    exact,
    sheet,
    shown_names,
)

COLORS = ("#0072b2", "#d55e00", "#00875f", "#b5588a", "#a97400", "#3d94cb", "#6b5b95")
"""By number, for people who see colours otherwise too: those of the site in light."""
DASHES: tuple[tuple[float, ...], ...] = ((1, 0), (7, 4), (2.5, 3.5), (10, 3, 2.5, 3))
_SHAPE_NAMES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")

_LABEL_WIDTH = 34
_DODGE = 3.0
_WIDTH, _HEIGHT = 260, 190
_KEY_LINE = 13
_MARGINS = {"left": 48, "right": 140, "top": 8, "bottom": 36}
CURVES_WIDTH = _MARGINS["left"] + _WIDTH + _MARGINS["right"]
"""Of a figure of curves, in points."""


@dataclass(frozen=True)
class At:
    """A value at a number of labels, as it is drawn. bound: it is a bound of the true one."""

    labels: int
    value: float
    low: float | None = None
    high: float | None = None
    bound: bool = False


@dataclass(frozen=True)
class Line:
    """A curve: the method's name, how it is drawn, and its values by rising labels."""

    name: str
    style: Style
    values: tuple[At, ...]


def lines(curves: Sequence[Line], title: str, *, around_zero: bool = False) -> Specification | None:
    """Curves over numbers of labels with intervals, and a key; None without any value.

    title: of the vertical axis. around_zero: 0 is on it, with a line. A bound has a hollow mark.
    """
    places = sorted({at.labels for one in curves for at in one.values})
    if not places:
        return None
    ends = [*_ends(curves), *([0.0] if around_zero else [])]
    ticks = round_values(min(ends), max(ends), about=6)
    across = _Across(places)
    names = shown_names([one.name for one in curves])
    drawn = [
        {
            "method": names[one.name],
            "labels": at.labels,
            "at": across.place(at.labels, _DODGE * (number - (len(curves) - 1) / 2)),
            "value": exact(at.value),
            "low": None if at.low is None else exact(at.low),
            "high": None if at.high is None else exact(at.high),
            "bound": at.bound,
        }
        for number, one in enumerate(curves)
        for at in one.values
    ]
    color = _by_method(curves, names, [_color(one.style) for one in curves])
    return {
        **sheet(_WIDTH, _HEIGHT, _MARGINS),
        "resolve": {"scale": {"x": "independent", "y": "independent"}},
        "encoding": {"color": color},
        "layer": [
            {
                "data": {"values": drawn},
                "encoding": {"x": across.encoding, "y": _up(ticks, title, signed=around_zero)},
                "layer": [*([_ZERO] if around_zero else []), *_marks(curves, names)],
            },
            _key(curves, names),
        ],
    }


class _Across:
    """The horizontal axis: numbers of labels, logarithmic where all are above 0."""

    def __init__(self, places: Sequence[int]) -> None:
        self._log = places[0] > 0
        measured = [self._measure(one) for one in places]
        self._span = (measured[-1] - measured[0]) or 1.0
        margin = 0.05 * self._span
        ends = (measured[0] - margin, measured[-1] + margin)
        inner = _WIDTH / 1.1
        self._unit = self._span / inner
        at = [inner * (one - measured[0]) / self._span for one in measured]
        ticks = [places[n] for n in far_enough(at, _LABEL_WIDTH)]
        scale = {
            "type": "log" if self._log else "linear",
            "domain": [self._back(one) for one in ends],
            "nice": False,
            **({} if self._log else {"zero": False}),
        }
        self.encoding = {
            "field": "at",
            "type": "quantitative",
            "title": "labels (logarithmic)" if self._log else "labels",
            "scale": scale,
            "axis": {**axis(16), "values": ticks, "format": "d"},
        }

    def place(self, labels: int, beside: float) -> float:
        """Where a value stands, ``beside`` its number of labels by so many units of the figure."""
        return self._back(self._measure(labels) + beside * self._unit)

    def _measure(self, labels: int) -> float:
        return math.log(labels) if self._log else float(labels)

    def _back(self, measured: float) -> float:
        return exact(math.exp(measured) if self._log else measured)


def _up(ticks: Sequence[float], title: str, *, signed: bool) -> dict[str, Any]:
    return {
        "field": "value",
        "type": "quantitative",
        "title": one_line(title),
        "scale": {"domain": [ticks[0], ticks[-1]], "nice": False, "zero": False},
        "axis": {
            **axis(30),
            "values": list(ticks),
            "format": f"{'+' if signed else ''}.{decimals(ticks)}f",
            "labelExpr": "datum.value === 0 ? '0' : datum.label",
            "grid": True,
        },
    }


_POINT: Specification = {"type": "point", "size": 30, "opacity": 1, "strokeWidth": 1}


_ZERO: Specification = {
    "data": {"values": [{"zero": 0}]},
    "mark": {"type": "rule", "strokeWidth": 0.75},
    "encoding": {
        "x": {"value": 0},
        "x2": {"value": _WIDTH},
        "y": {"field": "zero"},
        "color": {"value": INK},
    },
}


def _marks(curves: Sequence[Line], names: Mapping[str, str]) -> list[Specification]:
    dash, shape = _dashes(curves, names), _shapes(curves, names)
    return [
        {
            "transform": [{"filter": "datum.low !== null && datum.high !== null"}],
            "mark": {"type": "rule", "strokeWidth": 0.8, "opacity": 0.7},
            "encoding": {"y": {"field": "low"}, "y2": {"field": "high"}},
        },
        {"mark": {"type": "line", "strokeWidth": 1.3}, "encoding": {"strokeDash": dash}},
        {"mark": {**_POINT, "filled": True}, "encoding": {"shape": shape}},
        {
            "transform": [{"filter": "datum.bound"}],
            "mark": {**_POINT, "filled": False, "fill": "#ffffff"},
            "encoding": {"shape": shape},
        },
    ]


def _key(curves: Sequence[Line], names: Mapping[str, str]) -> Specification:
    """Which curve is whose, to the right: as it is drawn, dash and mark together."""
    left = _WIDTH + 12
    places = [
        {
            "method": names[one.name],
            "y": 6 + _KEY_LINE * number,
            "from": left,
            "mark": left + 11,
            "to": left + 22,
            "text": left + 28,
        }
        for number, one in enumerate(curves)
    ]

    def at(field: str) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "scale": None, "axis": None}

    dash, shape = _dashes(curves, names), _shapes(curves, names)
    return {
        "data": {"values": places},
        "encoding": {"y": at("y")},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 1.3},
                "encoding": {"x": at("from"), "x2": {"field": "to"}, "strokeDash": dash},
            },
            {"mark": {**_POINT, "filled": True}, "encoding": {"x": at("mark"), "shape": shape}},
            {
                "mark": {"type": "text", "align": "left", "baseline": "middle", "fontSize": 8},
                "encoding": {
                    "x": at("text"),
                    "text": {"field": "method", "type": "nominal"},
                    "color": {"value": INK},
                },
            },
        ],
    }  # fmt: skip


def _dashes(curves: Sequence[Line], names: Mapping[str, str]) -> dict[str, Any]:
    return _by_method(curves, names, [list(DASHES[one.style.dash]) for one in curves])


def _shapes(curves: Sequence[Line], names: Mapping[str, str]) -> dict[str, Any]:
    shapes = [_SHAPE_NAMES[SHAPES.index(one.style.shape)] for one in curves]
    return _by_method(curves, names, shapes)


def _by_method(
    curves: Sequence[Line], names: Mapping[str, str], values: Sequence[Any]
) -> dict[str, Any]:
    return {
        "field": "method",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": [names[one.name] for one in curves], "range": list(values)},
    }


def _color(style: Style) -> str:
    return INK if style.reference else COLORS[style.color]


def _ends(curves: Iterable[Line]) -> Iterable[float]:
    for one in curves:
        for at in one.values:
            yield from (end for end in (at.value, at.low, at.high) if end is not None)

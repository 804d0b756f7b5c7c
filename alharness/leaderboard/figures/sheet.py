"""The sheet that figures for a paper are drawn on, as Vega-Lite specifications.

Vega lays a figure out by how wide its texts are, and that hangs on the fonts of a machine. Here
every place is given beforehand, so that the same numbers give the same drawing everywhere. Texts
are a stranger's: they stand in data and in lists of values only, never in an expression.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any, TypeAlias

from alharness.api.text import one_line

Specification: TypeAlias = dict[str, Any]
"""A Vega-Lite specification."""

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
"""vl-convert brings the first along; the others are as wide."""

INK = "#000000"

LONGEST_LABEL = 22
"""Characters of a text in a figure."""


def sheet(width: int, height: int, margins: Mapping[str, int]) -> Specification:
    """An empty figure, ``width`` and ``height`` without its margins; all in points."""
    return {
        "$schema": SCHEMA,
        "width": width,
        "height": height,
        "autosize": {"type": "none"},
        "padding": dict(margins),
        "background": "#ffffff",
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "mark": {"aria": False},
            "axis": {
                "labelFontSize": 8, "titleFontSize": 8.5, "titleFontWeight": "normal",
                "labelColor": INK, "titleColor": INK, "domainColor": INK, "tickColor": INK,
                "gridColor": "#dddddd",
            },
        },
    }  # fmt: skip


def axis(extent: int) -> dict[str, Any]:
    """Settings by which nothing hangs on how wide a text is."""
    return {
        "minExtent": extent, "maxExtent": extent, "labelLimit": 0, "titleLimit": 0,
        "labelOverlap": False, "labelFlush": False, "labelBound": False, "grid": False,
    }  # fmt: skip


def width_of(specification: Specification) -> int:
    """In points."""
    around = specification["padding"]
    return int(specification["width"] + around["left"] + around["right"])


def shown_names(names: Iterable[str]) -> dict[str, str]:
    """What each name is in a figure: short, and no other's."""
    shown: dict[str, str] = {}
    for name in names:
        text = one_line(name) or "?"
        short = text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"
        others = (f"{short[: LONGEST_LABEL - 5]} ({number})" for number in count(2))
        taken = set(shown.values())
        shown[name] = (
            short if short not in taken else next(one for one in others if one not in taken)
        )
    return shown


def exact(value: float) -> float:
    """Nine digits: beyond them machines differ."""
    return float(f"{value:.9g}")

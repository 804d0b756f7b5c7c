"""Shares of methods by methods as a Vega-Lite specification."""

from __future__ import annotations

import math
from collections.abc import Sequence

from alharness.leaderboard.figures.sheet import (
    INK,
    Specification,
    axis,
    exact,
    sheet,
    shown_names,
)

_LIGHTEST, _DARKEST = "#eff3ff", "#08519c"
_DARK = 0.75
"""Shares above it are written in white."""
_LETTER_WIDTH = 4.3
"""Of most letters of labels, at most."""
_LARGEST_CELL, _MATRIX = 30, 340


def heat_map(
    names: Sequence[str], shares: Sequence[Sequence[float | None]], x_title: str, y_title: str
) -> Specification:
    """Shares, from 0 to 1, of methods by methods: in percent, the darker the higher.

    What there is not is an empty cell.
    """
    shown = list(shown_names(names).values())
    cells = [
        {
            "row": shown[row],
            "column": shown[column],
            "percent": exact(100 * share),
            "ink": "#ffffff" if share > _DARK else INK,
        }
        for row, of_row in enumerate(shares)
        for column, share in enumerate(of_row)
        if share is not None and row != column
    ]
    cell = min(_LARGEST_CELL, _MATRIX // len(shown))
    side = cell * len(shown)
    longest = math.ceil(_LETTER_WIDTH * max(map(len, shown)))
    below = math.ceil(0.77 * longest) + 12
    margins = {"left": longest + 30, "right": 12, "top": 8, "bottom": below + 18}
    band = {"type": "nominal", "sort": None, "scale": {"domain": shown, "padding": 0}}
    plain = {"ticks": False, "domain": False, "labelPadding": 4}
    return {
        **sheet(side, side, margins),
        "data": {"values": cells},
        "encoding": {
            "x": {"field": "column", **band, "title": x_title,
                  "axis": {**axis(below), **plain, "labelAngle": -50, "labelAlign": "right"}},
            "y": {"field": "row", **band, "title": y_title,
                  "axis": {**axis(longest + 10), **plain}},
        },
        "resolve": {"scale": {"color": "independent"}},
        "layer": [
            {
                "mark": {"type": "rect", "stroke": "#ffffff", "strokeWidth": 1},
                "encoding": {
                    "color": {
                        "field": "percent",
                        "type": "quantitative",
                        "legend": None,
                        "scale": {"domain": [0, 100], "range": [_LIGHTEST, _DARKEST]},
                    }
                },
            },
            {
                "mark": {"type": "text", "fontSize": max(5, min(8, cell // 3 + 1))},
                "encoding": {
                    "text": {"field": "percent", "type": "quantitative", "format": ".0f"},
                    "color": {"field": "ink", "type": "nominal", "scale": None},
                },
            },
        ],
    }  # fmt: skip

"""Curves over numbers of labels, with intervals: where lines, points and axes stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alharness.leaderboard.figures.scales import Scale, decimals, far_enough, round_values

WIDTH, HEIGHT = 560, 380
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 14, 54
_LABEL_WIDTH = 62
_DODGE = 3.0
_SIDE_BY_SIDE = 11
_PADDING = 0.04

COLORS, DASHES = 7, 4
SHAPES = (
    "M4,0A4,4 0 1 1 -4,0A4,4 0 1 1 4,0Z",
    "M-3.6,-3.6H3.6V3.6H-3.6Z",
    "M0,-4.9L4.6,3.3H-4.6Z",
    "M0,-5.2L5.2,0L0,5.2L-5.2,0Z",
    "M0,4.9L4.6,-3.3H-4.6Z",
    "M-1.5,-4.6H1.5V-1.5H4.6V1.5H1.5V4.6H-1.5V1.5H-4.6V-1.5H-1.5Z",
)
"""Disc, square, triangle, diamond, triangle on its head, cross. With seven colours and four dashes
84 curves all differ."""


@dataclass(frozen=True)
class Style:
    """How one curve differs from others: number of its colour and of its dash, path of its shape.

    ``reference``: drawn in the colour of the text, beside which all others are read.
    """

    color: int
    dash: int
    shape: str
    reference: bool = False


def style(number: int) -> Style:
    """The style of the so-manieth curve that is no reference."""
    return Style(number % COLORS, number % DASHES, SHAPES[(number + 1) % len(SHAPES)])


REFERENCE = Style(0, 0, SHAPES[0], reference=True)


@dataclass(frozen=True)
class Value:
    """A value at one number of labels; ``said`` is what a reader hears of it."""

    mean: float
    low: float | None
    high: float | None
    said: str


@dataclass(frozen=True)
class Series:
    """A curve. values: one for each number of labels, None where there is none."""

    name: str
    style: Style
    values: tuple[Value | None, ...]
    shown: bool


@dataclass(frozen=True)
class Mark:
    """A point that is drawn. Places are in the figure's units, with one decimal."""

    x: str
    y: str
    low: str | None
    high: str | None
    said: str


@dataclass(frozen=True)
class Drawn:
    """A curve that is drawn: ``points`` of its line, and a mark at each."""

    name: str
    number: int
    style: Style
    points: str
    marks: tuple[Mark, ...]
    shown: bool


@dataclass(frozen=True)
class Tick:
    """A value that is written beside an axis."""

    at: str
    text: str


@dataclass(frozen=True)
class Chart:
    """A figure. ``zero``: where the line of no difference is, if there is one."""

    title: str
    x_title: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    zero: str | None
    drawn: tuple[Drawn, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def chart(
    series: Sequence[Series],
    labels: Sequence[int],
    *,
    title: str,
    around_zero: bool = False,
) -> Chart | None:
    """The figure of several curves; None when there is not one value to draw.

    labels: ascending; the axis is logarithmic, as the endpoint is. around_zero: the values are
    differences, and 0 is on the axis.
    """
    ends = [*_ends(series), *([0.0] if around_zero else [])]
    there = [n for n in range(len(labels)) if any(one.values[n] for one in series)]
    if not there:
        return None
    low, high = min(ends), max(ends)
    across = _across([labels[n] for n in there])
    values = round_values(low, high, about=6)
    up = Scale(values[0], values[-1], HEIGHT - BOTTOM, TOP)
    digits = decimals(values)
    return Chart(
        title=title,
        x_title="labels (logarithmic)" if across.logarithmic else "labels",
        x_ticks=_x_ticks([labels[n] for n in there], across),
        y_ticks=tuple(
            Tick(_place(up(one)), _number(one, digits, signed=around_zero)) for one in values
        ),
        zero=_place(up(0.0)) if around_zero else None,
        drawn=tuple(
            _drawn(n, one, labels, across, up, beside)
            for n, (one, beside) in enumerate(zip(series, _beside(series), strict=True))
        ),
    )


def _ends(series: Iterable[Series]) -> Iterable[float]:
    for one in series:
        for value in filter(None, one.values):
            yield from (end for end in (value.mean, value.low, value.high) if end is not None)


def _across(labels: Sequence[int]) -> Scale:
    inner = (WIDTH - LEFT - RIGHT) * _PADDING
    low, high = min(labels), max(labels)
    return Scale(low, high, LEFT + inner, WIDTH - RIGHT - inner, logarithmic=low > 0)


def _x_ticks(labels: Sequence[int], across: Scale) -> tuple[Tick, ...]:
    places = sorted((across(one), one) for one in set(labels))
    kept = far_enough([place for place, _ in places], _LABEL_WIDTH)
    return tuple(Tick(_place(places[n][0]), str(places[n][1])) for n in kept)


def _beside(series: Sequence[Series]) -> list[float]:
    """How far each curve is moved to the side, so that intervals can be told apart.

    The curves that are shown stand side by side, those that are not stand among them.
    """
    n_shown = sum(one.shown for one in series)
    places = min(max(n_shown, 1), _SIDE_BY_SIDE)
    ordered = sorted(range(len(series)), key=lambda n: not series[n].shown)
    place = {n: number % places for number, n in enumerate(ordered)}
    return [_DODGE * (place[n] - (places - 1) / 2) for n in range(len(series))]


def _drawn(
    number: int,
    one: Series,
    labels: Sequence[int],
    across: Scale,
    up: Scale,
    beside: float,
) -> Drawn:
    marks = [
        Mark(
            x=_place(across(n_labels) + beside),
            y=_place(up(value.mean)),
            low=None if value.low is None else _place(up(value.low)),
            high=None if value.high is None else _place(up(value.high)),
            said=value.said,
        )
        for n_labels, value in zip(labels, one.values, strict=True)
        if value is not None
    ]
    line = " ".join(f"{mark.x},{mark.y}" for mark in marks)
    return Drawn(one.name, number, one.style, line, tuple(marks), one.shown)


def _place(value: float) -> str:
    return f"{value:z.1f}"


def _number(value: float, digits: int, *, signed: bool) -> str:
    text = f"{value:z.{digits}f}"
    return f"+{text}" if signed and value > 0 else text

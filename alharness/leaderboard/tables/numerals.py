"""Numbers as people read them, the same in every table: no negative zero, no number cut."""

from __future__ import annotations

from dataclasses import dataclass

from alharness.statistics import Measure

NOTHING = "–"
"""Where there is nothing to say."""


@dataclass(frozen=True)
class Scale:
    """How numbers of a metric are shown: times ``factor``, with ``digits`` after the point."""

    factor: float = 1
    digits: int = 2


PLAIN = Scale()
"""As it is."""

PERCENT = Scale(100, 2)
"""Of shares, and of their differences in percentage points."""


def scale_of(measure: Measure) -> Scale:
    """Shares in percent; other metrics in their own unit."""
    return PERCENT if measure.unit == "share" else Scale(1, 4)


def number(value: float, scale: Scale) -> str:
    """``92.38``."""
    return f"{scale.factor * value:z.{scale.digits}f}"


def signed(value: float, scale: Scale) -> str:
    """``+0.91``."""
    return f"{scale.factor * value:+z.{scale.digits}f}"


def mean(value: float, ends: tuple[float, float] | None, scale: Scale) -> str:
    """With half its interval: ``92.38 ± 1.76``."""
    if ends is None:
        return number(value, scale)
    return f"{number(value, scale)} ± {number((ends[1] - ends[0]) / 2, scale)}"


def effect(value: float, ends: tuple[float, float] | None, scale: Scale) -> str:
    """A difference with its interval: ``+0.91 [+0.66, +1.16]``."""
    between = "" if ends is None else f" {interval(ends, scale)}"
    return f"{signed(value, scale)}{between}"


def interval(ends: tuple[float, float], scale: Scale) -> str:
    """Of a difference: ``[+0.66, +1.16]``."""
    low, high = (signed(end, scale) for end in ends)
    return f"[{low}, {high}]"


def ranged(value: float, ends: tuple[float, float] | None, scale: Scale) -> str:
    """``0.35 [0.24, 0.67]``."""
    if ends is None:
        return number(value, scale)
    low, high = (number(end, scale) for end in ends)
    return f"{number(value, scale)} [{low}, {high}]"


def p_value(p: float) -> str:
    """Two digits: ``0.032``, ``1``, ``<0.0001``."""
    return f"{p:.2g}" if p >= 1e-4 else "<0.0001"

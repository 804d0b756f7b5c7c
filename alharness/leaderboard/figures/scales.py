"""Scales: from values to places along an axis, and round values to write beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """Maps the values from ``low`` to ``high`` to the places from ``start`` to ``end``.

    logarithmic: equal ratios are equal distances; ``low`` is above 0 then.
    """

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value."""
        low, high, at = (self._measure(one) for one in (self.low, self.high, value))
        share = 0.5 if high == low else (at - low) / (high - low)
        return self.start + share * (self.end - self.start)

    def _measure(self, value: float) -> float:
        return math.log(value) if self.logarithmic else value


def round_values(low: float, high: float, about: int) -> tuple[float, ...]:
    """About so many multiples of a round step, from ``low`` or below to ``high`` or above.

    For ``low`` = ``high`` the range is widened round it. The values are exact multiples: 0 is 0.
    """
    if not low < high:
        low, high = low - max(abs(low), 1.0) / 100, high + max(abs(high), 1.0) / 100
    raw = (high - low) / max(about - 1, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((power * one for one in _STEPS if power * one >= raw * 0.999), power * 10)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(n * step for n in range(first, last + 1))


def decimals(values: Sequence[float]) -> int:
    """With how many digits after the point equally spaced values are told apart, at most 6."""
    if len(values) < 2:
        return 2
    step = abs(values[1] - values[0])
    return next((n for n in range(6) if abs(step * 10**n - round(step * 10**n)) < 1e-6), 6)


def far_enough(places: Sequence[float], distance: float) -> list[int]:
    """Which of ascending places can be written at, so far from one another: the last one always."""
    kept: list[int] = []
    for n in reversed(range(len(places))):
        if not kept or places[kept[-1]] - places[n] >= distance:
            kept.append(n)
    return kept[::-1]

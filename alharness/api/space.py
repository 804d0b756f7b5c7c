"""Search spaces: what a hyper-parameter may be (paper, supplement 1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = float | int | str | bool
"""A hyper-parameter's value."""


@dataclass(frozen=True)
class LogUniform:
    """A float of the half-open range [low, high), uniform in its logarithm; 0 < low < high."""

    low: float
    high: float


@dataclass(frozen=True)
class Uniform:
    """A float of the half-open range [low, high), uniform; low < high."""

    low: float
    high: float


@dataclass(frozen=True)
class Choice:
    """One of a few options, each equally likely; a single option is a fixed value."""

    options: tuple[Value, ...]


Distribution: TypeAlias = LogUniform | Uniform | Choice
"""What a hyper-parameter is drawn from."""

Space: TypeAlias = Mapping[str, Distribution]
"""Hyper-parameter name (kebab-case) to its distribution."""

"""Matrices of methods by methods, as tables with coloured cells: each says its number in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alharness.leaderboard.site.board import Entry
from alharness.results.document import numbers

MOST = 30
"""Methods in a matrix: more are neither legible nor light."""

_LEVELS = 10


@dataclass(frozen=True)
class Shade:
    """A cell: its text, and how dark it is, from 0 to 10; None for none at all."""

    text: str
    level: int | None


@dataclass(frozen=True)
class Matrix:
    """A matrix. labels: of rows and columns. note: which methods are left out."""

    caption: str
    labels: tuple[str, ...]
    rows: tuple[tuple[Shade, ...], ...]
    note: str


def matrices(entry: Entry) -> tuple[Matrix, ...]:
    """The win matrix and the overlaps of what was queried, as far as the document has them."""
    found = []
    wins = entry.standing.wins
    if wins is not None and len(wins.names) > 1:
        caption = "Wins: budgets, in %, at which the row is better than the column"
        found.append(_matrix(caption, wins.names, wins.wins, entry))
    overlap = entry.scenario.overlap
    if overlap is not None and len(entry.scenario.methods) > 1:
        names = [one.method for one in entry.scenario.methods]
        first = "Overlap of the first query, in %: images that both picked from the same pool"
        everything = "Overlap of all that was queried by the end of a run, in %"
        found.append(_matrix(first, names, numbers(overlap.first), entry))
        found.append(_matrix(everything, names, numbers(overlap.all), entry))
    return tuple(found)


def _matrix(
    caption: str, names: Sequence[str], shares: NDArray[np.float64], entry: Entry
) -> Matrix:
    kept = kept_of(names, entry.standing.means, entry.scenario.reference)
    left_out = len(names) - len(kept)
    highest = f"the reference and the {MOST - 1} of highest endpoint; {left_out} more are left out"
    return Matrix(
        caption=caption,
        labels=tuple(names[n] for n in kept),
        rows=tuple(tuple(_shade(float(shares[a, b]), a == b) for b in kept) for a in kept),
        note=f"Shown are {highest}." if left_out else "",
    )


def kept_of(names: Sequence[str], means: Mapping[str, float], reference: str) -> list[int]:
    """Which methods a matrix has: the reference and those of highest endpoint, as they come."""

    def place(n: int) -> tuple[bool, float]:
        return names[n] != reference, -means.get(names[n], -np.inf)

    return sorted(sorted(range(len(names)), key=place)[:MOST])


def _shade(share: float, diagonal: bool) -> Shade:
    if diagonal or np.isnan(share):
        return Shade("" if diagonal else "–", None)
    level = min(max(round(_LEVELS * share), 0), _LEVELS)
    return Shade(f"{100 * share:z.0f}", level)

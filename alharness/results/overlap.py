"""How much of what one method queried another queried too (paper, Figure 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from alharness.protocol.planning.run import Run, Slot
from alharness.protocol.units import Unit
from alharness.results.companions import Overlap, Shares
from alharness.results.document import members

Images: TypeAlias = NDArray[np.int64]
"""Distinct dataset indices, (n,)."""

DIGITS = 4
"""Of a share: ten thousand methods' pairs fill a document, and nobody reads more of one."""

_BLOCK = 2**16


def overlap(methods: Sequence[Sequence[Run]], picked: Callable[[Unit], Images | None]) -> Overlap:
    """The overlap of methods, each given by its runs. ``picked``: what a query picked."""
    by_place = [{run.place: run for run in runs} for runs in methods]
    first, everything = _Mean(len(methods)), _Mean(len(methods))
    for place in sorted({place for runs in by_place for place in runs}):
        queries = [_queries(runs.get(place), picked) for runs in by_place]
        first.add(shares([one[0] if one else None for one in queries]))
        everything.add(shares([_joined(one) for one in queries]))
    return Overlap(first=first.value(), all=everything.value())


def widened(overlap: Overlap, n: int) -> Overlap:
    """The overlap with ``n`` further methods of which it is not known."""
    return Overlap(first=_widened(overlap.first, n), all=_widened(overlap.all, n))


def _widened(values: Shares, n: int) -> Shares:
    width = len(values) + n
    return (*((*row, *(None,) * n) for row in values), *((None,) * width,) * n)


def shares(sets: Sequence[Images | None]) -> NDArray[np.float64]:
    """Of each two sets, what share of the smaller one is in the other.

    (M, M) in [0, 1], symmetric; NaN where one of the two is None or empty.
    """
    there = [number for number, images in enumerate(sets) if images is not None and len(images)]
    found = np.full((len(sets), len(sets)), np.nan)
    if there:
        found[np.ix_(there, there)] = _shares([sets[number] for number in there])
    return found


def _shares(sets: Sequence[Any]) -> NDArray[np.float64]:
    images = np.unique(np.concatenate(sets))
    holds = np.zeros((len(sets), len(images)), dtype=np.bool_)
    for row, one in zip(holds, sets, strict=True):
        row[np.searchsorted(images, one)] = True
    common = np.zeros((len(sets), len(sets)))
    for begin in range(0, len(images), _BLOCK):
        block = holds[:, begin : begin + _BLOCK].astype(np.float32)
        common += block @ block.T  # exact: counts of at most 2**16
    sizes = holds.sum(axis=1)
    common /= np.minimum.outer(sizes, sizes)
    return common


def _queries(run: Run | None, picked: Callable[[Unit], Images | None]) -> list[Images | None]:
    """What each query of a run picked; None where one is not done or its record is lost."""
    return [] if run is None else [_answer(unit, picked) for unit in _units(run)]


def _units(run: Run) -> Iterator[Unit | None]:
    slots = [] if run.chooser is None else [Slot(0, "first-query", 0)]
    slots += [Slot(cycle, "query", 0) for cycle in range(run.last)]
    for slot in slots:
        yield run.steps[slot].unit if run.is_done(slot) else None


def _answer(unit: Unit | None, picked: Callable[[Unit], Images | None]) -> Images | None:
    return None if unit is None else picked(unit)


def _joined(queries: Sequence[Images | None]) -> Images | None:
    """All that a run queried; None where a query is missing."""
    there = [one for one in queries if one is not None]
    return np.concatenate(there) if there and len(there) == len(queries) else None


class _Mean:
    """The mean of matrices without their NaN."""

    def __init__(self, n: int) -> None:
        self._sum = np.zeros((n, n))
        self._count = np.zeros((n, n))

    def add(self, values: NDArray[np.float64]) -> None:
        there = ~np.isnan(values)
        self._sum[there] += values[there]
        self._count += there

    def value(self) -> Any:
        """As a document holds it; None where there was nothing."""
        mean = np.full_like(self._sum, np.nan)
        np.divide(self._sum, self._count, out=mean, where=self._count > 0)
        return members(mean.round(DIGITS))

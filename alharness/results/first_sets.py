"""The sets that runs start from, where samplers chose them: who chose, and how much they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from alharness.protocol.planning.run import Run, Slot
from alharness.protocol.units import Unit
from alharness.results.overlap import DIGITS, Images
from alharness.results.setting import FirstSets


def first_sets(
    methods: Sequence[Sequence[Run]], picked: Callable[[Unit], Images | None]
) -> tuple[FirstSets, ...] | None:
    """What the runs of each method started from; None where that was drawn.

    ``picked``: what a query picked.
    """
    if any(run.chooser is None for runs in methods for run in runs):
        return None
    return tuple(_of_method(runs, picked) for runs in methods)


def _of_method(runs: Sequence[Run], picked: Callable[[Unit], Images | None]) -> FirstSets:
    chooser = runs[0].chooser
    assert chooser is not None
    by_seed: dict[int, list[frozenset[int]]] = defaultdict(list)
    for run in runs:
        asked = run.source or run
        step = asked.steps[slot] if asked.is_done(slot := Slot(0, "first-query", 0)) else None
        images = None if step is None or step.unit is None else picked(step.unit)
        if images is not None:
            by_seed[run.place.seed].append(frozenset(images.tolist()))
    shares = [
        len(one & other) / len(one)
        for sets in by_seed.values()
        for one, other in combinations(sets, 2)
    ]
    return FirstSets(
        method=runs[0].method.label,
        chosen_by=chooser.label,
        overlap=round(float(np.mean(shares)), DIGITS) if shares else None,
        alike=bool(shares) and min(shares) == 1,
    )

"""Looks: a bench over seeds may stop when its verdict is certain.

Every seed more is a training of every method on every initial set. Under declared looks the paired
t-test is made after 2, 3 and 5 seeds, each time at a level of its own, so small that all three
together are wrong in at most 5 % of cases without a difference: a group sequential design (Pocock,
1977; Jennison and Turnbull, 2000). The levels were found and are checked by simulation
(``benchmarks/simulate_statistics.py``) for a bench of 5 seeds, and hold for no other number.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alharness.statistics.paired import Comparison, Verdict, compare


class Look(NamedTuple):
    """A comparison of the first ``seeds`` seeds at significance level ``alpha``, in (0, 1)."""

    seeds: int
    alpha: float


LOOKS = (Look(2, 0.0038), Look(3, 0.0152), Look(5, 0.0379))
"""In their order; the last one has all the seeds of the bench."""

FUTILITY = 0.5
"""Before the last look, p above this says that further seeds will hardly find a difference."""


class Stop(StrEnum):
    """Why no further seed is run."""

    CERTAIN = "certain"
    """The interval at the look's level excludes 0, before the last look."""
    FUTILE = "futile"
    """p is above ``FUTILITY``, before the last look. Saves trainings, never makes a verdict."""
    LAST = "last"
    """All seeds were run."""


@dataclass(frozen=True)
class LookDecision:
    """What one look says.

    look: its number of seeds and its level.
    comparison: of the first ``look.seeds`` seeds; ``comparison.alpha`` is ``look.alpha``, and
        interval and verdict are at that level. The intervals of all looks together hold the true
        difference in 95 % of benches, so that of the look that stopped does, too. ``p_value`` is
        that of this look alone: to be held against ``look.alpha``, never against 0.05.
    stop: why the bench stops here; None when it goes on.
    """

    look: Look
    comparison: Comparison
    stop: Stop | None

    @property
    def overstates(self) -> bool:
        """Whether the estimate is biased away from 0: it was large, and so no more was asked."""
        return self.stop is Stop.CERTAIN


def looks_of(seeds: int) -> tuple[Look, ...]:
    """The looks of a bench with ``seeds`` seeds for each initial set.

    Raises ValueError for another number than 5: the levels would not hold.
    """
    if seeds != LOOKS[-1].seeds:
        raise ValueError(f"looks hold for {LOOKS[-1].seeds} seeds only, not for {seeds}")
    return LOOKS


def look_at(method: ArrayLike, reference: ArrayLike, look: Look) -> LookDecision:
    """What ``look`` says of the first ``look.seeds`` seeds; further ones do not enter.

    ``method`` and ``reference``: (I, J), J from ``look.seeds`` to 5, one endpoint per run (initial
    set × seed), aligned, NaN where a run is missing for good. All runs of the look's seeds have to
    be over: a look while some of them are outstanding is another look, and has no level.

    Where the comparison has no p (fewer than three initial sets, differences that do not vary),
    only the last look stops the bench.

    Raises ValueError when ``look`` is none of ``LOOKS``, when there are fewer seeds than it wants
    or more than 5, and as ``compare`` does.
    """
    if look not in LOOKS:
        raise ValueError(f"{look} is none of {LOOKS}")
    ours, theirs = _runs(method), _runs(reference)
    if ours.shape != theirs.shape or ours.shape[1] < look.seeds:
        shapes = f"shapes {ours.shape} and {theirs.shape}"
        raise ValueError(f"{shapes}: expected equal, with {look.seeds} seeds at least")
    comparison = compare(ours[:, : look.seeds], theirs[:, : look.seeds], look.alpha)
    return LookDecision(look, comparison, _stop(comparison, look))


def looks_taken(method: ArrayLike, reference: ArrayLike) -> tuple[LookDecision, ...]:
    """The looks taken, in order: until one stops the bench, or until its seeds are not run yet.

    ``method`` and ``reference``: (I, J), the J <= 5 seeds that were run, as for ``look_at``. Where
    the last one does not stop the bench (or there is none yet), it goes on with further seeds.
    Raises ValueError as ``look_at`` does.
    """
    n_seeds = _runs(method).shape[1]
    taken: list[LookDecision] = []
    for look in LOOKS:
        if look.seeds <= n_seeds and not (taken and taken[-1].stop):
            taken.append(look_at(method, reference, look))
    return tuple(taken)


def _runs(endpoints: ArrayLike) -> NDArray[np.float64]:
    runs = np.asarray(endpoints, dtype=np.float64)
    if runs.ndim != 2:
        raise ValueError(f"shape {runs.shape}: expected (I, J)")
    if runs.shape[1] > LOOKS[-1].seeds:
        looks_of(runs.shape[1])
    return runs


def _stop(comparison: Comparison, look: Look) -> Stop | None:
    if look == LOOKS[-1]:
        return Stop.LAST
    if comparison.verdict in (Verdict.BETTER, Verdict.WORSE):
        return Stop.CERTAIN
    if comparison.p_value is not None and comparison.p_value > FUTILITY:
        return Stop.FUTILE
    return None

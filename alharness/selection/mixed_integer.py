"""Robust k-center by mixed-integer programs: centers that beat greedy's, and a proven bound.

Sener and Savarese, "Active Learning for Convolutional Neural Networks: A Core-Set
Approach" (ICLR 2018), section 4.2 and algorithm 2: starting from greedy's radius, the
smallest radius is found by bisection, each step a program that asks whether some
centers reach all points but a few outliers. Solved by HiGHS through
``scipy.optimize.milp``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, hstack, identity

from alharness.api.errors import HarnessError
from alharness.selection.distances import Points
from alharness.selection.k_center import check_rows, greedy_k_center

Ending: TypeAlias = Literal["optimal", "undecided", "out of time", "too many pairs"]

_BLOCK = 512
"""Rows and columns of one matrix product."""
_ROUNDING = 1e-12
"""More than the relative rounding error of a squared distance."""
_INFEASIBLE = 2
"""What ``milp`` calls its status when no solution exists."""


@dataclass(frozen=True)
class Cover:
    """Centers among the unlabeled rows, and how good they are.

    Every unlabeled row but ``n_outliers`` is within ``radius`` (Euclidean) of a labeled
    row or a pick. No choice of as many picks and outliers has a radius below
    ``lower_bound``. ``ended`` says why the search did:

    - ``"optimal"``: radius and lower bound are equal;
    - ``"undecided"``: some radius between them was neither reached nor excluded within
      ``max_nodes``;
    - ``"out of time"``: the answer depends on how fast the machine was;
    - ``"too many pairs"``: no program was solved, the picks are greedy's.
    """

    picks: NDArray[np.int64]
    radius: float
    lower_bound: float
    greedy_radius: float
    n_outliers: int
    ended: Ending

    @property
    def gap(self) -> float:
        """(radius - lower bound) / radius, in [0, 1]: by how much it could be too large."""
        return (self.radius - self.lower_bound) / self.radius if self.radius else 0.0


def robust_k_center(
    unlabeled: torch.Tensor,
    labeled: torch.Tensor,
    budget: int,
    *,
    max_outliers: int = 0,
    max_pairs: int = 1_000_000,
    max_nodes: int = 100,
    seconds: float = 600.0,
) -> Cover:
    """Choose ``budget`` of the unlabeled rows so that all but a few are near a center.

    Minimizes the largest distance of an unlabeled row to its nearest center, the farthest
    ``max_outliers`` rows left out; centers are the labeled rows and the picks. The radius
    is never above greedy's. The tensors are as for ``greedy_k_center``.

    What limits it: ``max_pairs`` of rows that are no farther apart than greedy's radius,
    else greedy's picks are the answer; ``max_nodes`` of branch and bound in each program;
    ``seconds`` for everything after greedy (HiGHS looks at the clock between its own
    steps, so large programs end late). HiGHS is deterministic by its documentation: until the
    seconds bind, the same rows in the same order have the same answer with the same build of
    SciPy. That a radius is reached is checked here, in float64; that one is impossible is
    HiGHS's word.

    Memory is linear in rows and pairs. Raises HarnessError for rows and budgets that
    ``greedy_k_center`` refuses, and for negative ``max_outliers``.
    """
    check_rows(unlabeled, labeled, budget)
    if max_outliers < 0:
        raise HarnessError(f"{max_outliers} outliers", where="k-center", remedy="Allow 0 or more")
    problem = _Problem(unlabeled.detach(), labeled.detach(), budget, max_outliers)
    greedy, bound = problem.start()
    if greedy.squared <= bound:
        return problem.cover(greedy, bound, greedy, "optimal")
    deadline = time.monotonic() + seconds
    pairs = problem.pairs(bound, greedy.squared, max_pairs, deadline)
    if isinstance(pairs, str):
        return problem.cover(greedy, bound, greedy, pairs)
    best, bound, ended = _bisect(problem, pairs, greedy, bound, max_nodes, deadline)
    return problem.cover(best, bound, greedy, ended)


class _Centers(NamedTuple):
    """Picks, each row's squared distance to its nearest center, and the squared radius."""

    picks: NDArray[np.int64]
    nearest: NDArray[np.float64]
    squared: float


class _Pairs(NamedTuple):
    """Rows, the columns that may cover them, and their squared distances."""

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    squared: NDArray[np.float64]


class _Problem:
    """The rows to cover. ``to_labeled`` are squared distances to the nearest labeled row."""

    def __init__(
        self, unlabeled: torch.Tensor, labeled: torch.Tensor, budget: int, max_outliers: int
    ) -> None:
        self.unlabeled, self.labeled = unlabeled, labeled
        self.budget, self.max_outliers = budget, max_outliers
        self.n = len(unlabeled)
        self.points = Points(labeled, unlabeled)
        self.to_labeled = self._nearest(np.arange(len(labeled)))

    def start(self) -> tuple[_Centers, float]:
        """Greedy's centers, and a squared radius that no centers are below.

        Farthest-first picks are, at any time, no closer to each other and to labeled rows
        than the last of them is. Of ``budget + max_outliers + 1`` picks, ``budget + 1`` are no
        outliers; one is covered by a labeled row or two by the same center.
        """
        enough = self.budget + self.max_outliers + 1
        order = greedy_k_center(self.unlabeled, self.labeled, min(self.n, enough))
        greedy = self.centers(order[: self.budget])
        if self.n < enough:
            return greedy, 0.0
        first, last = len(self.labeled) + order[:-1], order[-1]
        others = self.points.squared(np.full(len(first), len(self.labeled) + last), first)
        apart = min(self.to_labeled[last], others.min())
        return greedy, (1 - _ROUNDING) * float(apart) / 4

    def centers(self, picks: NDArray[np.int64]) -> _Centers:
        """These picks and, where they are fewer than the budget, greedy's on top of them."""
        missing = self.budget - len(picks)
        if missing:
            rest = np.setdiff1d(np.arange(self.n), picks)
            chosen, others = torch.from_numpy(picks), torch.from_numpy(rest)
            centers = torch.cat([self.labeled, self.unlabeled[chosen]])
            more = greedy_k_center(self.unlabeled[others], centers, missing)
            picks = np.concatenate([picks, rest[more]])
        nearest = np.minimum(self.to_labeled, self._nearest(len(self.labeled) + picks))
        radius = np.sort(nearest)[::-1][self.max_outliers] if self.max_outliers < self.n else 0.0
        return _Centers(picks, nearest, float(radius))

    def pairs(
        self, above: float, squared: float, max_pairs: int, deadline: float
    ) -> _Pairs | Literal["out of time", "too many pairs"]:
        """Pairs that decide about squared radii in [``above``, ``squared``].

        A row that is no farther than the radius from a labeled one needs no pick: those
        that never do are left out, and columns farther than the labeled row.
        """
        columns, found, n_found = np.arange(self.n), [], 0
        needy = np.flatnonzero(self.to_labeled > above)
        limit = np.minimum(squared, self.to_labeled)
        if self._are_more(needy, limit, max_pairs, deadline):
            return "too many pairs"
        for start in range(0, len(needy), _BLOCK):
            rows = needy[start : start + _BLOCK]
            for first in range(0, self.n, _BLOCK):
                if time.monotonic() > deadline:
                    return "out of time"
                some = columns[first : first + _BLOCK]
                near = self._within(rows, len(self.labeled) + some, limit[rows])
                n_found += len(near.row)
                if n_found > max_pairs:
                    return "too many pairs"
                found.append(_Pairs(near.row, near.column - len(self.labeled), near.squared))
        return _Pairs(*(np.concatenate(parts) for parts in zip(*found, strict=True)))

    def _are_more(
        self,
        needy: NDArray[np.int64],
        limit: NDArray[np.float64],
        max_pairs: int,
        deadline: float,
    ) -> bool:
        """Whether float32 already tells that there are more pairs than that.

        Exact distances of the first million cost many times what the products of all cost.
        """
        n_found = 0
        for start in range(0, len(needy), _BLOCK):
            rows = needy[start : start + _BLOCK]
            for first in range(0, self.n, _BLOCK):
                some = len(self.labeled) + np.arange(first, min(first + _BLOCK, self.n))
                upper = self.points.on_host(self.points.upper(len(self.labeled) + rows, some))
                n_found += int(np.count_nonzero(upper <= limit[rows, None]))
                if n_found > max_pairs:
                    return True
                if time.monotonic() > deadline:
                    return False
        return False

    def cover(self, best: _Centers, bound: float, greedy: _Centers, ended: Ending) -> Cover:
        """In distances that are not squared."""
        return Cover(
            best.picks,
            radius=best.squared**0.5,
            lower_bound=min(bound, best.squared) ** 0.5,
            greedy_radius=greedy.squared**0.5,
            n_outliers=int(np.count_nonzero(best.nearest > best.squared)),
            ended=ended,
        )

    def _nearest(self, centers: NDArray[np.int64]) -> NDArray[np.float64]:
        """Squared distance of each row to the nearest of these points, (n,)."""
        nearest = np.full(self.n, np.inf)
        blocks = [centers[at : at + _BLOCK] for at in range(0, len(centers), _BLOCK)]
        for start in range(0, self.n, _BLOCK):
            rows = np.arange(start, min(start + _BLOCK, self.n))
            limit = np.full(len(rows), np.inf)
            for some in blocks:
                upper = self.points.upper(len(self.labeled) + rows, some).amin(dim=1)
                np.minimum(limit, self.points.on_host(upper), out=limit)
            for some in blocks:
                near = self._within(rows, some, limit)
                np.minimum.at(nearest, near.row, near.squared)
        return nearest

    def _within(
        self, rows: NDArray[np.int64], points: NDArray[np.int64], limit: NDArray[np.float64]
    ) -> _Pairs:
        """Rows with points no farther than each row's ``limit`` of squared distances."""
        unlabeled = len(self.labeled) + rows
        lower = self.points.on_host(self.points.lower(unlabeled, points))
        row, column = np.nonzero(lower <= limit[:, None])
        squared = self.points.squared(unlabeled[row], points[column])
        near = squared <= limit[row]
        return _Pairs(rows[row[near]], points[column[near]], squared[near])


def _bisect(
    problem: _Problem,
    pairs: _Pairs,
    best: _Centers,
    bound: float,
    max_nodes: int,
    deadline: float,
) -> tuple[_Centers, float, Ending]:
    """The best centers found, a squared radius that no centers are below, and the ending.

    The optimal radius is a distance of some pair, or to a labeled row: a *level*. The
    search goes on above levels that could not be decided, then below them.
    """
    known = problem.to_labeled[problem.to_labeled <= best.squared]
    levels = np.unique(np.concatenate([pairs.squared, known, [best.squared]]))
    levels = levels[levels >= min(bound, best.squared)]
    low, high = 0, len(levels) - 1
    first, last = len(levels), -1
    while low < high:
        if max(low, last + 1) < high:
            middle = (max(low, last + 1) + high) // 2
        elif low < first:
            middle = (low + first) // 2
        else:
            return best, float(levels[low]), "undecided"
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            return best, float(levels[low]), "out of time"
        answer = _reachable(problem, pairs, levels[middle], max_nodes, remaining)
        if answer == "no":
            low = middle + 1
        elif answer == "unknown":
            first, last = min(first, middle), max(last, middle)
        else:
            best = answer
            high = int(np.searchsorted(levels, best.squared))
        if low > last or high <= first:
            first, last = len(levels), -1
        last = min(last, high - 1)
    return best, best.squared, "optimal"


def _reachable(
    problem: _Problem, pairs: _Pairs, level: float, max_nodes: int, seconds: float
) -> _Centers | Literal["no", "unknown"]:
    """Centers whose squared radius is at most ``level``, if there are any.

    The paper's program without its assignment variables, which follow: binary ``u`` says
    which rows become centers and ``z`` in [0, 1], whole of itself, which are outliers;
    each row has a center within reach or is an outlier.
    """
    open_ = (pairs.squared <= level) & (problem.to_labeled[pairs.row] > level)
    rows, row = np.unique(pairs.row[open_], return_inverse=True)
    columns, column = np.unique(pairs.column[open_], return_inverse=True)
    near = csr_array((np.ones(len(row)), (row, column)), shape=(len(rows), len(columns)))
    n_centers, n_rows = len(columns), len(rows)
    is_center = np.arange(n_centers + n_rows) < n_centers
    solved = milp(
        np.zeros(n_centers + n_rows),
        integrality=is_center.astype(np.int64),
        bounds=Bounds(0, np.where(is_center, 1, min(1, problem.max_outliers))),
        constraints=[
            LinearConstraint(hstack([near, identity(n_rows)]), lb=1),
            LinearConstraint(csr_array([1.0 * is_center]), ub=problem.budget),
            LinearConstraint(csr_array([1.0 * ~is_center]), ub=problem.max_outliers),
        ],
        options={"node_limit": max_nodes, "time_limit": seconds},
    )
    if solved.x is not None:
        centers = problem.centers(columns[solved.x[:n_centers] > 0.5][: problem.budget])
        if centers.squared <= level:
            return centers
    return "no" if solved.status == _INFEASIBLE else "unknown"

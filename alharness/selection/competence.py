"""Competence: what is covered decides how far uncertainty counts, and each label has its radius.

Mishal and Weinshall, "DCoM: Active Learning for All Learners" (2024), equations and constants as
in the published code.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.selection.covering import Coverage

WIDEST, RESOLUTION = 1.1, 0.05
"""Where bisection of a radius starts, and how fine it ends: constants of the published code."""
_BLOCK = 1024
"""Rows whose distances to others are held together."""


def competence_weight(covered: float, *, point: float = 0.8, steepness: float = 50.0) -> float:
    """S, how much uncertainty counts when a share ``covered`` in [0, 1] is covered.

    S(c) = (1 + exp(-k (1 - a))) / (1 + exp(-k (c - a))) with a = ``point``, k = ``steepness``,
    rounded to 0.001: 0 where little is covered, about ½ at a, 1 where all is.
    """
    numerator = 1 + math.exp(-steepness * (1 - point))
    return round(numerator / (1 + math.exp(-steepness * (covered - point))), 3)


def share_covered(
    unlabeled: torch.Tensor, labeled: torch.Tensor, radii: NDArray[np.float64]
) -> float:
    """Share, in [0, 1], of all rows that are labeled or within a labeled row's own radius of it.

    ``unlabeled`` (n, D) and ``labeled`` (m, D), n + m ≥ 1, have length one, are of one floating
    type and on one device; ``radii`` (m,), and a distance equal to one is not within it.
    """
    near = torch.zeros(len(unlabeled), dtype=torch.bool, device=unlabeled.device)
    limits = torch.as_tensor(radii, dtype=unlabeled.dtype, device=unlabeled.device)
    for start in range(0, len(labeled), _BLOCK):
        some = slice(start, start + _BLOCK)
        for other in range(0, len(unlabeled), _BLOCK):
            rows = slice(other, other + _BLOCK)
            distances = _distances(unlabeled[rows], labeled[some])
            near[rows] |= (distances < limits[some]).any(dim=1)
    return (len(labeled) + int(near.sum())) / (len(labeled) + len(unlabeled))


def pure_radii(
    rows: torch.Tensor,
    classes: NDArray[np.int64],
    centers: NDArray[np.int64],
    purity: float,
) -> NDArray[np.float64]:
    """For each center, by bisection, a radius at which its ball is pure enough.

    ``rows`` (n, D) have length one; ``classes`` (n,) are labels, or predictions where there is
    none; ``centers`` are positions of rows. Pure enough is a ball of which a share ``purity`` has
    the center's class. Bisection takes it that a smaller ball is purer, starts from [0, 1.1],
    ends at 0.05 and rounds to 0.01, as the published code does. Returns (len(centers),) float64 in
    [0, 1.1].
    """
    of_rows = torch.as_tensor(classes, device=rows.device)
    radii = np.empty(len(centers))
    for place, center in enumerate(centers):
        distances = _distances(rows, rows[center : center + 1])[:, 0]
        alike = of_rows == of_rows[center]
        low, high = 0.0, WIDEST
        while high - low > RESOLUTION:
            middle = (low + high) / 2
            inside = distances < middle
            share = int((alike & inside).sum()) / max(1, int(inside.sum()))
            low, high = (middle, high) if share >= purity else (low, middle)
        radii[place] = round(low, 2)
    return radii


def greedy_competence(
    coverage: Coverage,
    margins: NDArray[np.float64],
    weight: float,
    budget: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Positions in the order of picking: the best by ``weight`` of uncertainty, else of degree.

    ``margins`` (n,) in [0, 1] are those of predictions: 0 is most uncertain. Before every pick
    uncertainty and degrees are scaled to [0, 1] over rows that are not picked, uncertainty so that
    1 is a margin of 0; picks cover others as in ``greedy_coverage``. Of equal rows ``rng``
    decides. With ``weight`` 0 it is ``greedy_coverage``, until everything is covered. Returns
    (budget,) int64, distinct; ``coverage`` is changed.
    """
    n = len(margins)
    chance, left = rng.permutation(n), np.ones(n, dtype=np.bool_)
    picks: list[int] = []
    for _ in range(budget):
        highest = margins[left].max()
        uncertain = 1 - margins / highest if highest > 0 else np.zeros(n)
        degrees = coverage.degrees - coverage.degrees[left].min()
        dense = degrees / max(1, degrees[left].max())
        score = np.where(left, weight * uncertain + (1 - weight) * dense, -np.inf)
        best = np.flatnonzero(score == score.max())
        pick = int(best[chance[best].argmax()])
        coverage.add(pick)
        left[pick] = False
        picks.append(pick)
    return np.array(picks, dtype=np.int64)


def _distances(rows: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Of rows of length one, (n, m)."""
    return (2 - 2 * rows @ others.T).clamp_(min=0).sqrt_()

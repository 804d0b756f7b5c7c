"""Samplers: which images to label next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alharness.api.errors import HarnessError
from alharness.api.needs import Needs

if TYPE_CHECKING:
    from alharness.api.pool import Pool

NEAR = 0.01
"""Scores so near to the cut, as a share of all scores' deviation, might as well be beyond it."""

MOST_NEAR = 1000
"""Images near to the cut that a query tells of, at most."""

STORED_BYTES = 64 << 20
"""What a query may store for the next one: so many bytes of arrays, all together."""


class Sampler(ABC):
    """Picks ``budget`` images of the unlabeled pool.

    One instance serves one query; nothing is kept between queries but what it
    stores. All randomness comes from ``rng`` (torch's global generators are seeded
    around the call for what draws from them).
    """

    needs: Needs = Needs()
    """What the harness prepares for its queries, of the class or the instance."""

    stored: Mapping[str, ArrayLike] = MappingProxyType({})
    """What the next query of this run is given by ``Pool.stored``.

    Set on the instance in ``query``: names (letters, digits, ``_``, ``.`` and ``-``) to
    arrays or tensors of numbers or booleans, all together at most
    ``alharness.STORED_BYTES``. It is part of the query's result and decides the next
    query's key: the same query stores the same again.
    """

    notes: Mapping[str, str | float | bool] = MappingProxyType({})
    """What a query tells about itself beside its picks, such as a solver's gap.

    Set on the instance in ``query``; names to text, finite numbers or booleans. The
    query's record keeps them among its facts: nothing is computed from them, and a query
    that is repeated may tell other ones.
    """

    @abstractmethod
    def query(self, pool: Pool, budget: int, rng: np.random.Generator) -> ArrayLike:
        """Choose what the oracle labels next.

        Returns ``budget`` distinct integers in ``[0, pool.n_unlabeled)``: row
        positions in the arrays that the pool hands out. Their order does not
        matter. ``1 <= budget <= pool.n_unlabeled`` always holds.
        """


class ScoreSampler(Sampler):
    """Picks the images with the highest scores, equal scores at random."""

    def __init__(self) -> None:
        self.share_of_ties = 0.0
        self.near_cut: list[int] = []

    @abstractmethod
    def scores(self, pool: Pool) -> Any:
        """How much each image is wanted: array or tensor, (n_unlabeled,), no NaN."""

    def query(self, pool: Pool, budget: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """The ``budget`` highest scores; ties at the cut are drawn with ``rng``.

        Raises HarnessError when the scores have another shape or hold NaN.
        """
        scores = as_scores(self.scores(pool), pool.n_unlabeled)
        self.share_of_ties = share_of_ties(scores, budget)
        self.near_cut = near_cut(scores, budget)
        return highest(scores, budget, rng)


def as_scores(scores: Any, n_unlabeled: int) -> NDArray[np.float64]:
    """Scores as a checked float64 array of shape (n_unlabeled,).

    Raises HarnessError when the shape differs or a score is NaN.
    """
    if hasattr(scores, "detach"):
        scores = scores.detach().cpu().numpy()
    array = np.asarray(scores, dtype=np.float64)
    if array.shape != (n_unlabeled,):
        raise HarnessError(
            f"scores have shape {array.shape}, expected ({n_unlabeled},)",
            remedy="Return one score per row of the pool",
        )
    n_nan = int(np.isnan(array).sum())
    if n_nan:
        raise HarnessError(
            f"{n_nan} of {n_unlabeled} scores are NaN",
            remedy="Guard logarithms and divisions (scipy.special.xlogy for p log p)",
        )
    return array


def highest(
    scores: NDArray[np.float64], budget: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Positions of the ``budget`` highest scores, best first, ties in an order drawn from ``rng``.

    ``scores`` has shape (n,) without NaN, ``1 <= budget <= n``; returns int64, (budget,).
    """
    shuffled = rng.permutation(len(scores))
    order = np.argsort(-scores[shuffled], kind="stable")[:budget]
    return shuffled[order].astype(np.int64)


def share_of_ties(scores: NDArray[np.float64], budget: int) -> float:
    """Share of the picked images, in [0, 1], whose place was decided by chance.

    These are the picked images that score as the best image left behind does.
    """
    if budget >= len(scores):
        return 0.0
    descending = -np.sort(-scores)
    cut = descending[budget - 1]
    if descending[budget] != cut:
        return 0.0
    return float(np.count_nonzero(descending[:budget] == cut) / budget)


def near_cut(scores: NDArray[np.float64], budget: int) -> list[int]:
    """Positions whose scores are within ``NEAR`` deviations of those of the last image picked, or
    of the first left behind, nearest first; at most ``MOST_NEAR``.

    A query of the same model computed elsewhere may pick any of them: its record's facts tell of
    them, so that who repeats it can tell a near-tie from another answer.
    """
    finite = scores[np.isfinite(scores)]
    if budget >= len(scores) or len(finite) < 2:
        return []
    descending = -np.sort(-scores)
    high, low = descending[budget - 1], descending[budget]
    with np.errstate(invalid="ignore"):  # infinite scores are as far from each other as can be
        away = np.maximum(np.maximum(scores - high, low - scores), 0.0)
    near = np.flatnonzero(away <= NEAR * finite.std())
    nearest: list[int] = near[np.argsort(away[near], kind="stable")][:MOST_NEAR].tolist()
    return nearest

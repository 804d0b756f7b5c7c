"""D² sampling of gradients that are outer products, which are never formed.

Arthur and Vassilvitskii, "k-means++: The Advantages of Careful Seeding" (SODA 2007), as Ash,
Zhang, Krishnamurthy, Langford and Agarwal, "Deep Batch Active Learning by Diverse, Uncertain
Gradient Lower Bounds" (ICLR 2020) select with it: a row is drawn with probability in proportion
to D², its squared distance to the nearest row that was drawn before.

Of gradients gᵢ = sᵢ ⊗ hᵢ it is |gᵢ - gⱼ|² = |sᵢ|²|hᵢ|² + |sⱼ|²|hⱼ|² - 2 (sᵢ·sⱼ)(hᵢ·hⱼ). D² only
falls as rows are drawn, so one that lacks some of them is an upper bound. A row is proposed in
proportion to these bounds and taken with probability D² / bound, else proposed anew: whatever the
bounds, what is taken is then drawn in proportion to D² exactly. Bounds of all rows meet the rows
that they lack many at a time, by a matrix product.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.api.errors import HarnessError

_LACKING = 64
"""Drawn rows that bounds lack, at most."""
_REFUSED = 16
"""Proposals that are refused before all bounds are brought up to date."""
_ELEMENTS = 1 << 17
"""Elements of one temporary: small enough to stay in a processor's cache."""
_ROUNDING = 2e-6
"""Squared distances below this share of the squared norms are float32's rounding, hence 0."""


def d_squared_sampling(
    errors: torch.Tensor, embeddings: torch.Tensor, budget: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Positions drawn one after the other in proportion to D², the first being the longest.

    Row i is the gradient outer(errors[i], embeddings[i]), as ``Pool.gradient_factors`` gives them:
    ``errors`` (n, C), ``embeddings`` (n, D), float32, finite, on one device. Of equally long ones
    the lowest position comes first. Once D² is 0 everywhere, as with duplicates or where all
    gradients are zero, what is left is drawn uniformly. No row comes twice. Memory is linear in the
    number of rows; time is at most that of n x budget inner products in each factor.

    Returns distinct positions in the order of drawing, (budget,), int64. Raises HarnessError for
    other inputs and unless ``1 <= budget <= n``.
    """
    _check(errors, embeddings, budget)
    gradients = _Gradients(errors.detach(), embeddings.detach())
    picks = _drawn(gradients, budget, rng)
    left = np.ones(gradients.n, dtype=np.bool_)
    left[picks] = False
    rest = rng.choice(np.flatnonzero(left), budget - len(picks), replace=False)
    return np.concatenate([np.array(picks, dtype=np.int64), rest])


def _drawn(gradients: _Gradients, budget: int, rng: np.random.Generator) -> list[int]:
    """Up to ``budget`` positions; fewer when D² is 0 everywhere."""
    longest = int(gradients.squared_norms.argmax())
    if gradients.squared_norms[longest] == 0:
        return []
    picks = [longest]
    bound = gradients.to_all(np.array(picks))
    met, refused = 1, 0
    while len(picks) < budget:
        if len(picks) - met >= _LACKING or refused >= _REFUSED:
            np.minimum(bound, gradients.to_all(np.array(picks[met:])), out=bound)
            met, refused = len(picks), 0
        cumulative = bound.cumsum()
        total = cumulative[-1]
        if total <= 0:
            break
        place = min(rng.random() * total, np.nextafter(total, 0))  # the product may be rounded up
        proposed = int(cumulative.searchsorted(place, side="right"))
        if met < len(picks):
            nearest = gradients.squared_distances(np.array([proposed]), np.array(picks[met:])).min()
            taken = rng.random() * bound[proposed] < nearest
            bound[proposed] = min(bound[proposed], nearest)
            if not taken:
                refused += 1
                continue
        picks.append(proposed)
        bound[proposed] = 0.0
    return picks


class _Gradients:
    """Outer products, by their factors."""

    def __init__(self, errors: torch.Tensor, embeddings: torch.Tensor) -> None:
        self.n = len(errors)
        self._errors, self._embeddings = errors, embeddings
        lengths = [torch.linalg.vector_norm(factor, dim=1) for factor in (errors, embeddings)]
        self._norms = (lengths[0] * lengths[1]).square()
        self.squared_norms: NDArray[np.float64] = self._norms.double().cpu().numpy()

    def to_all(self, picks: NDArray[np.int64]) -> NDArray[np.float64]:
        """Squared distances of all rows to the nearest of these, (n,)."""
        nearest = np.empty(self.n)
        step = max(1, _ELEMENTS // len(picks))
        for start in range(0, self.n, step):
            some = slice(start, start + step)
            nearest[some] = self.squared_distances(some, picks).min(axis=1)
        return nearest

    def squared_distances(
        self, rows: NDArray[np.int64] | slice, others: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Of some rows to others, (k, m), not negative."""
        norms = self._norms[rows][:, None] + self._norms[others]
        products = self._errors[rows] @ self._errors[others].T
        products *= self._embeddings[rows] @ self._embeddings[others].T
        squared = norms - 2 * products
        squared[squared < _ROUNDING * norms] = 0
        distances: NDArray[np.float64] = squared.double().cpu().numpy()
        return distances


def _check(errors: torch.Tensor, embeddings: torch.Tensor, budget: int) -> None:
    shapes = tuple(errors.shape), tuple(embeddings.shape)
    if errors.ndim != 2 or embeddings.ndim != 2 or len(errors) != len(embeddings):
        raise HarnessError(
            f"factors have the shapes {shapes[0]} and {shapes[1]}",
            where="D² sampling",
            remedy="Give (n, C) and (n, D)",
        )
    if not 1 <= budget <= len(errors):
        raise HarnessError(
            f"budget {budget} of {len(errors)} rows",
            where="D² sampling",
            remedy="Ask for at least one and at most all",
        )
    if not all(math.isfinite(end) for one in (errors, embeddings) for end in one.aminmax()):
        raise HarnessError(
            "factors hold NaN or infinite values",
            where="D² sampling",
            remedy="Look for a training that diverged",
        )

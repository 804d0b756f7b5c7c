"""Fisher information: greedy picks forward, then backward, by updates of rank one.

Ash, Goel, Krishnamurthy and Kakade, "Gone Fishing: Neural Active Learning with Fisher Embeddings"
(NeurIPS 2021), algorithm 1, with the information of the question "the predicted class or another"
of Huseljic et al., "Fast Fishing: Approximating BAIT for Efficient and Scalable Deep Active Image
Classification" (2024): F = w h hᵀ with w = p (1 - p), p being the largest probability. Matrices are
then D x D in place of (C D) x (C D).

What is made small is tr(M⁻¹ I), I being the mean information of all images and M that of the
labeled and picked ones. With a = hᵀM⁻¹h and b = hᵀM⁻¹IM⁻¹h a row of weight w lowers it by
w b / (1 + w a), and a picked one that is given up raises it by w b / (1 - w a); both are exact.
After either, M⁻¹ changes by c q qᵀ with q = M⁻¹h, and all a and b by two products with the rows.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.api.errors import HarnessError
from alharness.selection.k_center import check_rows


def greedy_fisher(
    unlabeled: tuple[torch.Tensor, torch.Tensor],
    labeled: tuple[torch.Tensor, torch.Tensor],
    budget: int,
    *,
    regularization: float = 1.0,
) -> NDArray[np.int64]:
    """Positions in ``unlabeled`` whose information makes that of all images most certain.

    Each pair is features (n, D), float32, and weights (n,), not negative: F = w h hᵀ. Starting
    from M = regularization · 1 + the labeled images' mean F times m / (m + budget), twice the
    budget is picked (or all rows), each adding F · budget / (m + budget); then, one at a time, the
    picked rows are given up that are missed least, until ``budget`` are left. Equal ones go to the
    lowest position. No row comes twice. Memory is linear in the number of rows, and D².

    Returns distinct positions in the order of picking, (budget,), int64. Raises HarnessError for
    other inputs and unless ``1 <= budget <= n`` and ``regularization > 0``.
    """
    check_rows(unlabeled[0], labeled[0], budget, "Fisher information")
    if not regularization > 0:
        raise HarnessError(
            f"regularization {regularization}",
            where="Fisher information",
            remedy="Give a positive number",
        )
    n, m = len(unlabeled[0]), len(labeled[0])
    everything = (_sum_of(*unlabeled) + _sum_of(*labeled)) / (n + m)
    information = torch.eye(unlabeled[0].shape[1]).to(everything) * regularization
    information += _sum_of(*labeled) / (m + budget)
    state = _State(*unlabeled, budget / (m + budget), information, everything)
    picks: list[int] = []
    for _ in range(min(2 * budget, n)):
        lowered = state.lowered()
        lowered[picks] = -np.inf
        picks.append(int(lowered.argmax()))
        state.change(picks[-1], 1.0)
    while len(picks) > budget:
        dropped = picks.pop(int(state.raised()[picks].argmin()))
        state.change(dropped, -1.0)
    return np.array(picks, dtype=np.int64)


def prediction_variance(probabilities: torch.Tensor) -> torch.Tensor:
    """p (1 - p) of whether the likeliest class is right: (n, C) to (n,) in [0, 1/4]."""
    likeliest = probabilities.amax(dim=1)
    variance: torch.Tensor = likeliest * (1 - likeliest)
    return variance


class _State:
    """M⁻¹, and of each row what it would change."""

    def __init__(
        self,
        rows: torch.Tensor,
        weights: torch.Tensor,
        share: float,
        information: torch.Tensor,
        everything: torch.Tensor,
    ) -> None:
        self._rows = rows.detach().double()
        self._weights = weights.detach().double() * share
        self._everything = everything
        self._inverse = torch.linalg.inv(information)
        to_rows = self._rows @ self._inverse
        self._a = (to_rows * self._rows).sum(dim=1)
        self._b = (to_rows @ everything * to_rows).sum(dim=1)

    def lowered(self) -> NDArray[np.float64]:
        """By how much tr(M⁻¹ I) falls when a row is picked, (n,)."""
        return self._on_host(self._weights * self._b / (1 + self._weights * self._a))

    def raised(self) -> NDArray[np.float64]:
        """By how much it rises when a picked row is given up, (n,); of no meaning for others."""
        return self._on_host(self._weights * self._b / (1 - self._weights * self._a))

    def change(self, row: int, sign: float) -> None:
        """Pick a row, 1.0, or give it up, -1.0."""
        weight = sign * self._weights[row]
        q = self._inverse @ self._rows[row]
        c = weight / (1 + weight * self._a[row])
        of_q = self._everything @ q
        to_q, to_r = (self._rows @ torch.stack([q, self._inverse @ of_q], dim=1)).T
        self._a -= c * to_q.square()
        self._b += c**2 * (q @ of_q) * to_q.square() - 2 * c * to_q * to_r
        self._inverse -= c * torch.outer(q, q)

    @staticmethod
    def _on_host(values: torch.Tensor) -> NDArray[np.float64]:
        answer: NDArray[np.float64] = values.cpu().numpy()
        return answer


def _sum_of(rows: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Σ w h hᵀ, (D, D) float64."""
    exact = rows.detach().double()
    return (exact * weights.detach().double()[:, None]).T @ exact

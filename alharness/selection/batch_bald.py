"""BatchBALD: the mutual information of a whole batch's labels with the network that gives them.

Kirsch, van Amersfoort and Gal, "BatchBALD: Efficient and Diverse Batch Acquisition for Deep
Bayesian Active Learning" (NeurIPS 2019). Labels of a batch are independent given the network, one
of T passes. What image i adds to the batch S is H(yᵢ | y_S) - mean over t of H(yᵢ | t), and as
each outcome o of y_S leaves a posterior over the passes,

    H(yᵢ | y_S) = Σ_o P(o) H(Σ_t P(t | o) P(yᵢ | t)).

This information is submodular (their appendix A), so that greedy can be lazy
(``alharness.selection.lazy``). It never exceeds log T: with T passes, batches beyond that many
nats are ties.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.api.errors import HarnessError
from alharness.selection.lazy import lazy_greedy
from alharness.selection.streaming import Slices

_ELEMENTS = 1 << 19
"""Elements of one float64 temporary of outcomes x images x classes, about."""
_LEAST = 1e-300
"""A probability of 0 counts as this in logarithms: such outcomes keep no weight."""


def greedy_batch_bald(
    slices: Slices, n: int, budget: int, rng: np.random.Generator, *, samples: int = 10_000
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The positions that greedily have the largest joint mutual information, best first.

    ``slices`` are (rows, probabilities) that together are all of ``n`` rows, probabilities
    (T, m, C), pass t being the same network in all of them (``Pool.mc_probabilities``). Exact
    while the batch has at most ``samples`` outcomes, C to the power of its size; beyond, so many
    are drawn with ``rng``, evenly from the passes, and each pick extends them by a label. Equal
    information goes to the lowest position, as do all positions once nothing adds any. All of
    (T, n, C) is in memory, float32.

    Returns distinct positions, (budget,), int64, and the nats that each added, (budget,): of the
    first pick BALD's score. Raises HarnessError unless ``1 <= budget <= n`` and ``samples`` is
    at least one.
    """
    if not 1 <= budget <= n or samples < 1:
        raise HarnessError(
            f"budget {budget} of {n} rows, {samples} samples",
            where="BatchBALD",
            remedy="Ask for at least one row and at most all, with at least one sample",
        )
    return lazy_greedy(_Batch(_together(slices, n), samples, rng), budget)


def _together(slices: Slices, n: int) -> torch.Tensor:
    """Probabilities of all rows, (T, n, C), in one copy."""
    whole: torch.Tensor | None = None
    for rows, probabilities in slices:
        if whole is None:
            n_passes, _, n_classes = probabilities.shape
            whole = probabilities.new_empty((n_passes, n, n_classes))
        whole[:, rows] = probabilities
    if whole is None:
        raise HarnessError("there are no rows", where="BatchBALD")
    return whole


class _Batch:
    """What is picked, as posteriors over the passes after each outcome of its labels."""

    def __init__(self, probabilities: torch.Tensor, samples: int, rng: np.random.Generator) -> None:
        self.n = probabilities.shape[1]
        self._probabilities, self._rng = probabilities, rng
        self._n_passes, _, self._n_classes = probabilities.shape
        self._samples = samples
        self._picked: list[int] = []
        # log P(outcome | pass), (M, T); passes that drawn outcomes come from, None while exact.
        self._log_likelihood = probabilities.new_zeros((1, self._n_passes), dtype=torch.float64)
        self._drawn_from: torch.Tensor | None = None

    def gains(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """H(y | y_S) - H(y | pass) of each of these rows, nats, (k,)."""
        posterior = self._log_likelihood.softmax(dim=1)
        weights = self._outcome_weights()
        step = max(1, _ELEMENTS // (len(posterior) * self._n_classes))
        which = torch.from_numpy(rows).to(posterior.device)
        gains = posterior.new_empty(len(rows))
        for start in range(0, len(rows), step):
            some = slice(start, start + step)
            passes = self._probabilities[:, which[some]].double()
            mixed = (posterior @ passes.flatten(1)).view(-1, *passes.shape[1:])
            gains[some] = weights @ _entropy(mixed) - _entropy(passes).mean(dim=0)
        answer: NDArray[np.float64] = gains.cpu().numpy()
        return answer

    def add(self, row: int) -> None:
        """Make a row's label part of every outcome."""
        self._picked.append(row)
        if self._drawn_from is not None:
            self._extend(row)
        elif len(self._log_likelihood) * self._n_classes <= self._samples:
            more = self._logarithms(row)
            self._log_likelihood = (self._log_likelihood[:, None] + more.T).flatten(0, 1)
        else:
            self._start_drawing()

    def _start_drawing(self) -> None:
        evenly = torch.arange(self._n_passes, device=self._probabilities.device)
        self._drawn_from = evenly.repeat(max(1, self._samples // self._n_passes))
        self._log_likelihood = self._log_likelihood.new_zeros(
            (len(self._drawn_from), self._n_passes)
        )
        for row in self._picked:
            self._extend(row)

    def _extend(self, row: int) -> None:
        """Draw the row's label for each outcome, from the pass that the outcome comes from."""
        assert self._drawn_from is not None
        cumulative = self._probabilities[:, row].double().cumsum(dim=1)[self._drawn_from]
        drawn = torch.from_numpy(self._rng.random(len(cumulative))).to(cumulative.device)
        below = cumulative < (drawn * cumulative[:, -1])[:, None]
        labels = below.sum(dim=1).clamp(max=self._n_classes - 1)
        self._log_likelihood = self._log_likelihood + self._logarithms(row)[:, labels].T

    def _outcome_weights(self) -> torch.Tensor:
        """P(o) of each outcome, or one share of those that were drawn, (M,), sums to one."""
        if self._drawn_from is None:
            return self._log_likelihood.exp().mean(dim=1)
        n = len(self._drawn_from)
        return self._log_likelihood.new_full((n,), 1 / n)

    def _logarithms(self, row: int) -> torch.Tensor:
        """Of the row's probabilities by each pass, (T, C)."""
        return self._probabilities[:, row].double().clamp(min=_LEAST).log()


def _entropy(probabilities: torch.Tensor) -> torch.Tensor:
    terms: torch.Tensor = torch.special.entr(probabilities)
    return terms.sum(dim=-1)

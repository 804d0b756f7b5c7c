"""Scores of class probabilities that come in slices: entropies and mutual information.

All are in nats and float64, whatever the probabilities' type; p log p is 0 at p = 0. In
memory is one slice and one number per row. ``slices`` are (rows, probabilities) as
``Pool.mc_probabilities`` and ``Pool.committee_probabilities`` yield them, probabilities
(T, m, C) for m of ``n`` rows; rows that no slice holds score NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import torch

Slices: TypeAlias = Iterable[tuple[slice, torch.Tensor]]

_ROWS = 4096


def entropy(probabilities: torch.Tensor) -> torch.Tensor:
    """H(p) of each row, (n,) float64, in nats: from 0 for one-hot rows to log C.

    ``probabilities`` are (n, C), n ≥ 1, of any floating type; p log p is 0 at p = 0.
    """
    starts = range(0, len(probabilities), _ROWS)
    return torch.cat([_entropy(probabilities[at : at + _ROWS].double()) for at in starts])


def margins(probabilities: torch.Tensor) -> torch.Tensor:
    """p₁ - p₂, the two highest of each row of (n, C): (n,), from 0 where two are alike to 1."""
    highest = probabilities.topk(2, dim=1).values
    return highest[:, 0] - highest[:, 1]


def entropy_of_mean(slices: Slices, n: int) -> torch.Tensor:
    """H of the mean of p over passes, (n,) float64 on the CPU, in nats, from 0 to log C.

    Predictive entropy (Gal et al., 2017). ``slices`` are (rows, probabilities), as
    ``Pool.mc_probabilities`` and ``Pool.committee_probabilities`` yield them, (T, m, C) for m of
    ``n`` rows; NaN for rows that none holds.
    """
    return _scored(slices, n, lambda mean, _: _entropy(mean))


def mean_entropy(slices: Slices, n: int) -> torch.Tensor:
    """The mean of H(p) over passes, (n,), from 0 to log C: expected entropy.

    ``slices``, type and unit are as in ``entropy_of_mean``.
    """
    return _scored(slices, n, lambda _, expected: expected)


def mutual_information(slices: Slices, n: int) -> torch.Tensor:
    """H of the mean less the mean of H, (n,), not negative (Houlsby et al., 2011).

    The information of a label about which pass gives it: 0 where all passes agree,
    however uncertain they are. ``slices``, type and unit are as in ``entropy_of_mean``.
    """
    return _scored(slices, n, lambda mean, expected: (_entropy(mean) - expected).clamp(min=0))


def variance_ratio(slices: Slices, n: int) -> torch.Tensor:
    """1 less the share of the most common prediction among the T, (n,), in [0, 1 - 1/T].

    Source: Freeman (1965); for committees Beluch et al. (2018). A prediction is the
    most probable class, of equals the first. It takes few distinct values: ties are
    common, and are for whoever ranks the scores to break. ``slices`` and the type are as in
    ``entropy_of_mean``.
    """
    scores = torch.full((n,), torch.nan, dtype=torch.float64)
    for rows, passes in slices:
        n_passes = len(passes)
        predicted = passes.argmax(dim=-1)
        votes = torch.zeros(passes.shape[1:], dtype=torch.float64, device=passes.device)
        votes.scatter_add_(1, predicted.T, torch.ones_like(predicted.T, dtype=torch.float64))
        scores[rows] = (1 - votes.amax(dim=-1) / n_passes).cpu()
    return scores


def _entropy(probabilities: torch.Tensor) -> torch.Tensor:
    terms: torch.Tensor = torch.special.xlogy(probabilities, probabilities)
    return -terms.sum(dim=-1)


def _scored(
    slices: Slices, n: int, score: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Scores of the mean of p over passes, (m, C), and the mean of H(p), (m,)."""
    scores = torch.full((n,), torch.nan, dtype=torch.float64)
    for rows, passes in slices:
        # Pass by pass: all of them in float64 would take twice the slice.
        mean = torch.zeros(passes.shape[1:], dtype=torch.float64, device=passes.device)
        expected = torch.zeros(passes.shape[1], dtype=torch.float64, device=passes.device)
        for probabilities in passes:
            exact = probabilities.double()
            mean += exact
            expected += _entropy(exact)
        scores[rows] = score(mean / len(passes), expected / len(passes)).cpu()
    return scores

"""The best of many batches by what they truly gain: for upper bounds, which see hidden labels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

WEIGHT_DECAY = 5e-4
"""Of the last layer that is fitted."""
_ITERATIONS = 300
_GRADIENT = 1e-6
"""The largest entry of the gradient at which a fit ends."""


class Labeled(NamedTuple):
    """Features, (n, D), with their labels, (n,) int64 from 0 on."""

    rows: torch.Tensor
    labels: torch.Tensor


def right_answers(
    labeled: Labeled, batches: Iterable[Labeled], held_out: Labeled, n_classes: int
) -> NDArray[np.int64]:
    """How many held-out rows a last layer gets right: trained on what is labeled, and on that
    with each of the batches.

    Returns (1 + batches,) int64 in [0, len(held_out.rows)].
    """
    known, measured = _exact(labeled), _exact(held_out)
    base = fitted_head(*known, n_classes)
    heads = [base]
    for batch in batches:
        rows, labels = (np.concatenate(pair) for pair in zip(known, _exact(batch), strict=True))
        heads.append(fitted_head(rows, labels, n_classes, start=base))
    shown, truth = measured
    return np.array([np.count_nonzero(logits(head, shown).argmax(1) == truth) for head in heads])


def fitted_head(
    rows: NDArray[np.float64],
    labels: NDArray[np.int64],
    n_classes: int,
    start: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Weights and, last, biases of the linear layer with the least cross entropy, (C, D + 1).

    ``rows`` are (n, D), ``labels`` (n,) in [0, ``n_classes``). The objective, mean cross entropy
    plus ½ · ``WEIGHT_DECAY`` times the sum of the squares of weights and biases, has one minimum;
    L-BFGS walks there from ``start``, (C, D + 1), or from 0.
    """
    from scipy.optimize import minimize

    with_ones = _with_ones(rows)
    truth = np.eye(n_classes)[labels]
    shape = n_classes, with_ones.shape[1]

    def objective(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        head = flat.reshape(shape)
        scores = with_ones @ head.T
        scores -= scores.max(axis=1, keepdims=True)
        log_sums = np.log(np.exp(scores).sum(axis=1, keepdims=True))
        loss = (log_sums[:, 0] - (scores * truth).sum(axis=1)).mean()
        errors = (np.exp(scores - log_sums) - truth) / len(truth)
        gradient = errors.T @ with_ones + WEIGHT_DECAY * head
        return loss + 0.5 * WEIGHT_DECAY * np.square(head).sum(), gradient.ravel()

    first = np.zeros(shape) if start is None else start
    options = {"maxiter": _ITERATIONS, "gtol": _GRADIENT, "ftol": 0.0}
    found = minimize(objective, first.ravel(), jac=True, method="L-BFGS-B", options=options)
    head: NDArray[np.float64] = found.x.reshape(shape)
    return head


def logits(head: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a layer of ``fitted_head`` says of rows, (n, D): (n, C)."""
    said: NDArray[np.float64] = _with_ones(rows) @ head.T
    return said


def optimism(candidates: int, share: float, n: int) -> float:
    """How much better the best of some candidates seems on ``n`` images than it is, in [0, 1].

    As if their shares of right answers there, ``share`` in truth, were independent: the expected
    maximum of as many standard normal numbers (Blom, 1958, equation 6.10.1: within 1 %) times the
    standard error √(share · (1 - share) / n). Candidates that have right answers in common, as
    batches have, stay below.
    """
    maximum = NormalDist().inv_cdf((candidates - 0.375) / (candidates + 0.25))
    return max(0.0, maximum) * math.sqrt(share * (1 - share) / n)


def _exact(some: Labeled) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    return some.rows.double().cpu().numpy(), some.labels.cpu().numpy()


def _with_ones(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([rows, np.ones((len(rows), 1))], axis=1)

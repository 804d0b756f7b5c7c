"""What Uncertainty Herding adapts to the labels at hand: temperature, weights and width.

Bae, Oliveira and Sutherland, "Uncertainty Herding: One Active Learning Method for All Label
Budgets" (ICLR 2025), section 3. With few labels a calibrated model is unsure of everything, and
what is picked covers the pool; with many, weights differ and the width shrinks.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.selection.streaming import margins

TEMPERATURES = np.arange(10, 200) / 10
"""1.0, 1.1, … 19.9: those that are tried."""
NEWEST = 0.3
"""Share of the labeled images, the newest ones, on which a temperature is measured."""
WEIGHT_DECAY = 5e-4
"""Of the last layer that is fitted to the older ones."""
_ROWS = 1024
_POSITIVE = 1e-12
"""Squared distances of rows of length one up to this are float64's rounding, hence 0."""


def margin_weights(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    """1 - (p₁ - p₂), the two highest of softmax(logits / temperature): (n, C) to (n,) in [0, 1].

    C is 2 or more, the temperature positive; the type is that of the logits.
    """
    return 1 - margins((logits / temperature).softmax(dim=1))


def oldest_first(labeled_in: torch.Tensor, numbers: torch.Tensor) -> NDArray[np.int64]:
    """Labeled images by cycle, (m,): those of one cycle in an order that is theirs for good.

    ``labeled_in`` and ``numbers`` are (m,) int64, as ``Pool`` gives them.
    """
    return np.lexsort((numbers.cpu(), labeled_in.cpu()))


def held_out_temperature(embeddings: torch.Tensor, labels: torch.Tensor, n_classes: int) -> float:
    """The temperature at which a last layer fitted to the older labels is calibrated on the newer.

    ``embeddings`` are (m, D), ``labels`` (m,) int64 in [0, n_classes), oldest first; newer are the
    last ``NEWEST`` of them, their number rounded down. One of 1.0, 1.1, … 19.9: that of the
    smallest calibration error, of equals the first. 1.0 where the older ones have one class or none
    is newer.
    """
    n_older = len(labels) - int(NEWEST * len(labels))
    rows, classes = embeddings.double().cpu().numpy(), labels.cpu().numpy()
    older, newer = slice(n_older), slice(n_older, None)
    if n_older == len(labels) or len(np.unique(classes[older])) < 2:
        return 1.0
    logits = _fitted_logits(rows[older], classes[older], rows[newer], n_classes)
    return best_temperature(logits, classes[newer])


def best_temperature(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The first of ``TEMPERATURES`` with the smallest expected calibration error.

    ``logits`` are (n, C), -inf for a class that is impossible; the error has C bins of equal width.
    """
    errors = [
        calibration_error(torch.from_numpy(logits / one).softmax(dim=1).numpy(), labels)
        for one in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(errors))])


def calibration_error(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Σ over bins of the share of rows in it times |accuracy - mean confidence|, in [0, 1].

    Guo et al. (2017), section 2, with as many bins of equal width as classes.
    """
    confidence = probabilities.max(axis=1)
    surplus = confidence - (probabilities.argmax(axis=1) == labels)
    n_bins = probabilities.shape[1]
    bins = np.clip(np.ceil(confidence * n_bins) - 1, 0, n_bins - 1).astype(np.int64)
    return float(np.abs(np.bincount(bins, surplus, n_bins)).sum() / len(labels))


def smallest_distance(rows: torch.Tensor) -> float:
    """The smallest positive Euclidean distance between two rows of length one; 1.0 without any.

    ``rows`` are (n, D), n ≥ 0; distances are taken in float64, n² of them, in slices.
    """
    exact = rows.double()
    norms = exact.square().sum(dim=1)
    smallest = torch.tensor(torch.inf, dtype=torch.float64, device=rows.device)
    for start in range(0, len(rows), _ROWS):
        some = slice(start, start + _ROWS)
        for before in range(0, start + 1, _ROWS):
            others = slice(before, before + _ROWS)
            squared = norms[some, None] + norms[others] - 2 * (exact[some] @ exact[others].T)
            squared[squared <= _POSITIVE] = torch.inf
            smallest = torch.minimum(smallest, squared.amin())
    return float(smallest.sqrt()) if torch.isfinite(smallest) else 1.0


def _fitted_logits(
    rows: NDArray[np.float64],
    labels: NDArray[np.int64],
    others: NDArray[np.float64],
    n_classes: int,
) -> NDArray[np.float64]:
    """Of other rows, by a linear layer fitted to these: (n, n_classes), -inf for unseen classes."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1 / (WEIGHT_DECAY * len(rows)), max_iter=1000)
    fitted.fit(rows, labels)
    decision = fitted.decision_function(others)
    if decision.ndim == 1:
        decision = np.stack([np.zeros_like(decision), decision], axis=1)
    logits = np.full((len(others), n_classes), -np.inf)
    logits[:, fitted.classes_] = decision
    return logits

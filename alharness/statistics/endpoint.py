"""The endpoint: how accurate a run was over its budgets, as one number."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def endpoint(accuracies: ArrayLike, labels: ArrayLike) -> NDArray[np.float64]:
    """Area under the accuracy–log(labels) curve of each run, as a mean accuracy.

    ``accuracies``: (..., B), in any unit, over the B budgets after cycle 0 (where cycle 0 is the
    same for every method it would only dilute the endpoint; where samplers choose what they start
    from it belongs to it). ``labels``: (B,), number of labels at
    those budgets, positive and strictly increasing; the base of the logarithm does not matter.
    Returns (...), float64, in the unit of the accuracies: the trapezoid area divided by the
    width of the log range, so that a flat curve gives its own accuracy. With one budget the
    endpoint is the accuracy there. A NaN anywhere in a run makes its endpoint NaN.

    Raises ValueError when B is 0, when the shapes do not agree, or when ``labels`` are not
    positive, finite and strictly increasing. Design, section 8.1.
    """
    curve = np.asarray(accuracies, dtype=np.float64)
    log_labels = np.log(label_counts(labels))
    if curve.ndim == 0 or curve.shape[-1] != len(log_labels):
        raise ValueError(f"accuracies {curve.shape} do not end in {len(log_labels)} budgets")
    if len(log_labels) == 1:
        return curve[..., 0].copy()
    area = np.trapezoid(curve, log_labels, axis=-1)
    return np.asarray(area / (log_labels[-1] - log_labels[0]), dtype=np.float64)


def label_counts(labels: ArrayLike) -> NDArray[np.float64]:
    """The numbers of labels at B budgets, (B,), float64.

    Raises ValueError when B is 0 or they are not positive, finite and strictly increasing.
    """
    counts = np.asarray(labels, dtype=np.float64)
    if counts.ndim != 1 or len(counts) == 0:
        raise ValueError(f"labels have shape {counts.shape}, expected (B,) with B >= 1")
    if not (np.isfinite(counts).all() and counts[0] > 0 and (np.diff(counts) > 0).all()):
        raise ValueError("labels must be positive, finite and strictly increasing")
    return counts

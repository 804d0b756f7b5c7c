"""Metrics of one evaluation: how good a model's outputs on the test images are.

All is computed in float64 from the exact float32 logits, in log space: ln p = z − ln Σ exp z.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CALIBRATION_BINS = 15
"""As in Guo et al. (2017), Table 1."""

KEPT_BYTES = 4 * 2**20
"""Log-probabilities that take more are kept only when asked for.

10 000 test images in 100 classes take 2 MB, 50 000 in 1000 classes 100 MB, for each evaluation.
"""


@dataclass(frozen=True)
class Metrics:
    """How good a model is on n test images of C classes.

    accuracy: share of images whose highest logit is that of their class; the first of equal
        logits counts, and NaN counts as highest. In [0, 1].
    balanced_accuracy: mean of ``class_accuracy`` over the classes with test images. In [0, 1].
    nll: mean negative log-likelihood of the true classes, in nats; 0 or more.
    brier: mean over images of Σ_c (p_c − y_c)², y being 1 at the true class and 0 elsewhere
        (Brier, 1950, in its original form for several classes). In [0, 2].
    calibration_error: expected calibration error of the highest probability, see
        ``calibration_error``. In [0, 1].
    auroc: area under the ROC curve, one class against the rest, mean over the classes for which
        there is one, see ``auroc``. In [0, 1]; None when there is no such class.
    class_accuracy: C shares: the accuracy on the images of each class, None for a class
        without any.

    ``nll``, ``brier``, ``calibration_error`` and ``auroc`` are None when a logit is infinite or
    not a number: there are no probabilities then.
    """

    accuracy: float
    balanced_accuracy: float
    nll: float | None
    brier: float | None
    calibration_error: float | None
    auroc: float | None
    class_accuracy: tuple[float | None, ...]

    def to_json(self) -> dict[str, Any]:
        """The JSON form: a member for each field; ``class_accuracy`` is a list."""
        return {**asdict(self), "class_accuracy": list(self.class_accuracy)}


def metrics(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Metrics:
    """All metrics of one evaluation.

    ``logits``: (n, C), float32, a row per test image. ``labels``: (n,), int64, in [0, C).
    Raises ValueError for other shapes, no image or a label outside.
    """
    _require_aligned(logits, labels)
    hits = logits.argmax(axis=1) == labels
    per_class = _class_accuracy(hits, labels, logits.shape[1])
    present = [accuracy for accuracy in per_class if accuracy is not None]
    return Metrics(
        accuracy=int(hits.sum()) / len(labels),
        balanced_accuracy=sum(present) / len(present),
        **_of_probabilities(logits, labels, hits),
        class_accuracy=per_class,
    )


def calibration_error(confidences: NDArray[np.float64], hits: NDArray[np.bool_]) -> float:
    """Expected calibration error: Σ_m |B_m|/n · |acc(B_m) − conf(B_m)|.

    ``confidences``: (n,), the highest probability of each image, in (0, 1]. ``hits``: (n,),
    whether it was that of the true class. B_m holds the images with a confidence in
    ((m − 1)/M, m/M], M = 15; acc is their share of hits, conf their mean confidence.
    Guo et al., On Calibration of Modern Neural Networks (ICML 2017), equation 3.
    """
    ends = np.arange(1, CALIBRATION_BINS + 1) / CALIBRATION_BINS
    bins = np.searchsorted(ends, confidences, side="left")
    gaps = np.bincount(bins, weights=hits - confidences, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(confidences))


def auroc(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> float | None:
    """Area under the ROC curve of each class against the rest, averaged over the classes.

    ``scores``: (n, C), higher for what looks more like the class; ``labels``: (n,), in [0, C).
    Of a class: the probability that an image of it has a higher score than one of another class,
    equal scores counted half (Hanley and McNeil, 1982). A class is left out when no test image
    belongs to it, or all do; None when none is left.
    """
    areas = []
    for c in range(scores.shape[1]):
        inside, outside = scores[labels == c, c], np.sort(scores[labels != c, c])
        if len(inside) and len(outside):
            below = np.searchsorted(outside, inside, side="left")
            not_above = np.searchsorted(outside, inside, side="right")
            areas.append(int((below + not_above).sum()) / (2 * len(inside) * len(outside)))
    return sum(areas) / len(areas) if areas else None


def log_probabilities(logits: NDArray[np.float32]) -> NDArray[np.float16]:
    """Natural logarithms of the probabilities, (n, C) float16, to be kept beside a record.

    ``logits``: (n, C), float32. Rounded to about three digits; at least −65504, the lowest that
    float16 has. Rows with an infinite logit or one that is not a number are NaN throughout.
    """
    finite = np.isfinite(logits).all(axis=1, keepdims=True)
    logs = _log_softmax(np.where(finite, logits, np.float32(0)))
    lowest = np.finfo(np.float16).min
    return np.where(finite, np.maximum(logs, lowest), np.nan).astype(np.float16)


def _require_aligned(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
    if logits.ndim != 2 or labels.shape != logits.shape[:1] or logits.size == 0:
        raise ValueError(f"logits {logits.shape}, labels {labels.shape}: expected (n, C) and (n,)")
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(f"a label is outside [0, {logits.shape[1]})")


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return shifted


def _class_accuracy(
    hits: NDArray[np.bool_], labels: NDArray[np.int64], n_classes: int
) -> tuple[float | None, ...]:
    images = np.bincount(labels, minlength=n_classes)
    hit = np.bincount(labels[hits], minlength=n_classes)
    return tuple(int(h) / int(n) if n else None for h, n in zip(hit, images, strict=True))


def _of_probabilities(
    logits: NDArray[np.float32], labels: NDArray[np.int64], hits: NDArray[np.bool_]
) -> dict[str, float | None]:
    if not np.isfinite(logits).all():
        return dict.fromkeys(("nll", "brier", "calibration_error", "auroc"))
    logs = _log_softmax(logits)
    return {
        "nll": _nll(logs, labels),
        "brier": _brier(np.exp(logs), labels),
        "calibration_error": calibration_error(np.exp(logs.max(axis=1)), hits),
        "auroc": auroc(logs, labels),
    }


def _nll(logs: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    return float(np.abs(logs[np.arange(len(labels)), labels]).mean())


def _brier(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    probabilities[np.arange(len(labels)), labels] -= 1
    return float(np.square(probabilities).sum(axis=1).mean())

"""Measures: what a metric's numbers mean, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

CLASS_ACCURACY = "class_accuracy"


@dataclass(frozen=True)
class Measure:
    """A metric of evaluations that methods can be compared by.

    name: as it is asked for: a member of ``Metrics``, or ``class_accuracy:K`` for the accuracy
        on the images of class K, counted from 0.
    higher_is_better: false for losses and errors.
    unit: ``share``, in [0, 1], shown in percent; ``nats``; or ``score``, without a unit.
    title: for headings, e.g. *Balanced accuracy*.
    class_index: K of ``class_accuracy:K``; None for every other.
    """

    name: str
    higher_is_better: bool
    unit: Literal["share", "nats", "score"]
    title: str
    class_index: int | None = None

    @property
    def phrase(self) -> str:
        """The title within a sentence, e.g. *balanced accuracy*, *Brier score*."""
        proper = self.title.startswith("Brier")
        return self.title if proper else self.title[0].lower() + self.title[1:]


MEASURES: Mapping[str, Measure] = {
    one.name: one
    for one in (
        Measure("accuracy", True, "share", "Accuracy"),
        Measure("balanced_accuracy", True, "share", "Balanced accuracy"),
        Measure("nll", False, "nats", "Negative log-likelihood"),
        Measure("brier", False, "score", "Brier score"),
        Measure("calibration_error", False, "share", "Expected calibration error"),
        Measure("auroc", True, "score", "Area under the ROC curve"),
    )
}
"""By name; without the accuracies of single classes, see ``measure``."""


def measure(name: str) -> Measure:
    """The measure of a name: one of ``MEASURES``, or ``class_accuracy:K`` with K = 0, 1, …

    Raises ValueError for any other name, listing those that there are.
    """
    if name in MEASURES:
        return MEASURES[name]
    member, _, index = name.partition(":")
    if member == CLASS_ACCURACY and index.isascii() and index.isdigit():
        k = int(index)
        return Measure(f"{CLASS_ACCURACY}:{k}", True, "share", f"Accuracy on class {k}", k)
    known = ", ".join([*MEASURES, f"{CLASS_ACCURACY}:K"])
    raise ValueError(f"no measure is called {name!r}; there are {known}")


def measured(metrics: Mapping[str, ArrayLike], one: Measure) -> NDArray[np.float64]:
    """The numbers of a measure among those of all metrics.

    ``metrics``: by member of ``Metrics``, (...), float64, NaN where missing, ``class_accuracy``
    (..., K) with an entry for each class. Returns (...). Raises ValueError when the metric is not
    there, or for a class outside [0, K).
    """
    member = one.name if one.class_index is None else CLASS_ACCURACY
    if member not in metrics:
        raise ValueError(f"there is no {member} among the metrics")
    values = np.asarray(metrics[member], dtype=np.float64)
    if one.class_index is None:
        return values
    if one.class_index >= values.shape[-1]:
        raise ValueError(f"class {one.class_index} is outside [0, {values.shape[-1]})")
    return values[..., one.class_index]


def oriented(values: ArrayLike, one: Measure) -> NDArray[np.float64]:
    """The numbers so that higher is better: as they are, or negative for losses and errors.

    Differences of oriented numbers are improvements, in the unit of the measure. Any shape.
    """
    numbers = np.asarray(values, dtype=np.float64)
    return numbers if one.higher_is_better else -numbers

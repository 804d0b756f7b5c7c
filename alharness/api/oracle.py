"""Oracles: who labels what was picked."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray


class Oracle(ABC):
    """Labels the queried images."""

    cost_per_label: float = 1.0
    """Cost of one label, in units of the author's choice."""

    labels_stay: bool = True
    """Whether labels once given stay in all later cycles.

    Where false, they turn into the true ones as soon as newer ones are given.
    """

    def fingerprint(self) -> str:
        """What changes when the oracle's answers do though its parameters do not.

        Needed where a parameter names a file: the digest of its content. Raises
        UsageError when it cannot be read.
        """
        return ""

    def check(self, n_images: int, n_classes: int) -> None:
        """Look whether it can label a dataset: so many training images, so many classes.

        Asked by ``plan`` and ``bench`` before anything is trained. Raises UsageError, saying
        what does not fit and how to mend it.
        """
        return

    @abstractmethod
    def annotate(
        self,
        true_labels: NDArray[np.int64],
        indices: NDArray[np.int64],
        n_classes: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        """Labels of the queried images.

        ``true_labels`` and ``indices`` (positions in the dataset) are aligned,
        (n,), int64. Returns (n,) integers in [0, n_classes), aligned with them.
        """

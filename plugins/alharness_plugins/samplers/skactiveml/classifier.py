"""The task model as a classifier of scikit-activeml."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skactiveml.base import SkactivemlClassifier


class TaskModel(SkactivemlClassifier):  # type: ignore[misc]
    """Probabilities of the task model's last layer, for its penultimate features as X.

    ``fit`` learns the classes' names and nothing else: the model is trained, once, by the protocol.
    """

    def __init__(self, head: torch.nn.Module, device: torch.device, n_classes: int) -> None:
        super().__init__(classes=np.arange(n_classes), random_state=0)
        self.head = head
        self.device = device
        self.n_classes = n_classes

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> TaskModel:
        self._validate_data(X, y, sample_weight)
        return self

    def predict_proba(self, X: Any, **_: Any) -> NDArray[np.float64]:
        """(n, C) of X (n, D): softmax in float64, so that rows sum to one closely enough."""
        with torch.no_grad():
            features = torch.as_tensor(np.asarray(X), dtype=torch.float32, device=self.device)
            probabilities = self.head(features).double().softmax(dim=1)
        return np.asarray(probabilities.cpu())

"""A graph of all images, by the similarity of their features, and a network on it."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn.functional import logsigmoid

from alharness import selection

NEGLIGIBLE = 1e-6
"""An image whose mean similarity to the others is no more passes nothing on."""


class SimilarityGraph:
    """Cosine similarities of n images, as a propagation matrix A, (n, n), that is never formed.

    Source: Caramalau, Bhattarai and Kim (2021), and their code: the similarities without those of
    an image to itself, each column divided by its sum, plus the identity. With non-negative
    features all of it is in [0, 1]. Columns whose sum is negligible or negative, whose division
    would make signals of any size, have the identity alone.
    """

    def __init__(self, features: torch.Tensor) -> None:
        """``features``: (n, d) float, in any scale; a row of zeros is similar to nothing."""
        self._rows = selection.unit_rows(features)
        self._own = self._rows.square().sum(dim=1)
        sums = self._rows @ self._rows.sum(dim=0) - self._own
        enough = sums > NEGLIGIBLE * len(features)
        self._shares = torch.where(enough, 1 / torch.where(enough, sums, 1.0), 0.0)

    @property
    def rows(self) -> torch.Tensor:
        """The features at unit length, (n, d)."""
        return self._rows

    def propagated(self, signals: torch.Tensor) -> torch.Tensor:
        """A · signals, (n, k) both, in memory and time linear in n."""
        passed = self._shares[:, None] * signals
        return self._rows @ (self._rows.T @ passed) - self._own[:, None] * passed + signals


class GraphNetwork(nn.Module):
    """Two graph convolutions: to hidden units with ReLU and dropout, and to a logit.

    Initial weights and biases are uniform within one over the root of a layer's outputs, as in the
    published code.
    """

    def __init__(self, n_features: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.first = _uniform(n_features, hidden)
        self.first_bias = _uniform(hidden)
        self.second = _uniform(hidden, 1)
        self.second_bias = _uniform(1)
        self.dropout = nn.Dropout(dropout)

    def hidden(self, propagated_rows: torch.Tensor) -> torch.Tensor:
        """Hidden units, (n, hidden), of A · rows, (n, d): A (X W) is (A X) W."""
        units = (propagated_rows @ self.first + self.first_bias).relu()
        dropped: torch.Tensor = self.dropout(units)
        return dropped

    def forward(self, graph: SimilarityGraph, hidden: torch.Tensor) -> torch.Tensor:
        """Logits of "labeled", (n,), of hidden units."""
        return (graph.propagated(hidden @ self.second) + self.second_bias).squeeze(1)


def labeled_or_not(logits: torch.Tensor, n_unlabeled: int, unlabeled_weight: float) -> torch.Tensor:
    """Cross entropy of the labeled images plus the weighted one of the unlabeled, which come first.

    Source: Caramalau et al. (2021); each is a mean, of logits, (n,).
    """
    unlabeled, labeled = logits[:n_unlabeled], logits[n_unlabeled:]
    return -logsigmoid(labeled).mean() - unlabeled_weight * logsigmoid(-unlabeled).mean()


def _uniform(*shape: int) -> nn.Parameter:
    bound = 1 / math.sqrt(shape[-1])
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))

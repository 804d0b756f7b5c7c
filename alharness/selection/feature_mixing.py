"""Feature mixing: which images' predictions flip when their features move towards an anchor's.

Parvaneh, Abbasnejad, Teney, Haffari, van den Hengel and Shi, "Active Learning by Feature Mixing"
(CVPR 2022). Features z are mixed with an anchor z* as α z* + (1 - α) z, with the α that raises the
loss of the predicted class most to first order, bounded in length by ε = cap / √D:
α = ε |z* - z| / |g| · g / (z* - z), feature by feature. So the mixture is

    z + ε |z* - z| g / |g|,

g being the gradient of the loss in z: for all anchors a step in one direction, of which only the
length differs. A feature that equals the anchor's has no α: it moves as the others do, as it would
were it a little different.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import cross_entropy

from alharness.selection.clustering import spread_rows

_ROWS = 4096


def class_means(rows: torch.Tensor, labels: torch.Tensor, n_classes: int) -> torch.Tensor:
    """The mean of each class's rows, (n_classes, D); of all rows for a class that has none.

    ``rows`` are (m, D), m ≥ 1, of any floating type, which the means have, too; ``labels`` are
    (m,) int64 in [0, n_classes), on the same device.
    """
    counts = torch.bincount(labels, minlength=n_classes)
    sums = rows.new_zeros((n_classes, rows.shape[1])).index_add_(0, labels, rows)
    means = sums / counts.clamp(min=1)[:, None]
    return torch.where(counts[:, None] > 0, means, rows.mean(dim=0))


class FeatureMixing:
    """The mixtures of rows of features with anchors, and what a last layer predicts of them.

    ``rows`` are (n, D) and ``anchors`` (k, D), n, k ≥ 1, of one floating type on one device;
    ``head`` takes (n, D) to logits, (n, C), and lets gradients through. Where it is linear, as last
    layers are, the features that are predicted as one class are a convex region: a row flips for
    some anchor if and only if it does for the farthest one, and for all larger caps. So only that
    one is asked.
    """

    def __init__(self, rows: torch.Tensor, anchors: torch.Tensor, head: nn.Module) -> None:
        self._rows, self._head = rows, head
        self._predicted = rows.new_empty(len(rows), dtype=torch.int64)
        self._steps = torch.empty_like(rows)
        for some in _slices(len(rows)):
            predicted, gradients = self._gradients(rows[some])
            lengths = torch.linalg.vector_norm(gradients, dim=1, keepdim=True)
            farthest = torch.cdist(rows[some], anchors).amax(dim=1, keepdim=True)
            directions = gradients / lengths.masked_fill(lengths == 0, 1)
            self._predicted[some] = predicted
            self._steps[some] = directions * farthest

    def flipped(self, cap: float) -> NDArray[np.int64]:
        """Positions, (≤ n,) int64, ascending, of the rows whose prediction changes for some anchor.

        ``cap`` is 0 or more: a mixture is ε = cap / √D times as far away as the anchor. A row whose
        gradient is zero does not move, hence does not flip.
        """
        bound = cap / math.sqrt(self._rows.shape[1])
        parts = []
        with torch.no_grad():
            for some in _slices(len(self._rows)):
                mixed = self._rows[some] + bound * self._steps[some]
                parts.append(self._head(mixed).argmax(dim=1) != self._predicted[some])
        flipped: NDArray[np.int64] = torch.cat(parts).nonzero()[:, 0].cpu().numpy()
        return flipped

    def _gradients(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Predicted classes, (m,), and the gradients of their losses in the features, (m, D)."""
        with torch.enable_grad():
            features = rows.detach().clone().requires_grad_()
            logits = self._head(features)
            predicted = logits.argmax(dim=1)
            loss = cross_entropy(logits, predicted, reduction="sum")
            (gradients,) = torch.autograd.grad(loss, features)
        return predicted, gradients


class Flips(NamedTuple):
    """Rows that flip when mixed, and how far they had to be."""

    picks: NDArray[np.int64]
    """Positions, distinct; fewer than asked for where fewer flip."""
    candidates: int
    """How many flip."""
    cap: float
    """At which cap."""


def flipping_rows(
    rows: torch.Tensor,
    anchors: torch.Tensor,
    head: nn.Module,
    budget: int,
    rng: np.random.Generator,
    *,
    first: float = 0.03125,
    step: float = 0.03125,
    last: float = 1.0,
) -> Flips:
    """Up to ``budget`` rows whose prediction flips for some anchor, spread by k-means.

    Source: ALFA-Mix, sections 3.3 and 3.4. The cap grows from ``first`` by ``step``, up to
    ``last``, until more than ``budget`` rows flip; of these k-means on rows of length one picks.
    Arguments are those of ``FeatureMixing``, ``rows`` float32.
    """
    mixing = FeatureMixing(rows, anchors, head)
    cap, candidates = first, mixing.flipped(first)
    while len(candidates) <= budget and cap + step <= last:
        cap += step
        candidates = mixing.flipped(cap)
    enough = len(candidates) > budget
    picks = spread_rows(rows, candidates, budget, rng) if enough else candidates
    return Flips(picks, len(candidates), cap)


def _slices(n: int) -> Iterator[slice]:
    for start in range(0, n, _ROWS):
        yield slice(start, start + _ROWS)

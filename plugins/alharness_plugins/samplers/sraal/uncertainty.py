"""How uncertain a classifier is of an image, as SRAAL's discriminator is told."""

from __future__ import annotations

import torch


def state_uncertainty(probabilities: torch.Tensor) -> torch.Tensor:
    """u = 1 - m · (least variance) / (variance), (n,) in [0, 1 - 1/C], of probabilities (n, C).

    m is the largest probability. Variances are those of a row's C numbers; the least that is
    possible with this m has the others equal. 0 of a one-hot row, and of every row whose others are
    equal it is 1 - m; of the uniform one, where both variances are 0, 1 - 1/C. Source: Zhang et al.
    (2020), the online uncertainty indicator.
    """
    n_classes = probabilities.shape[1]
    uniform = 1 / n_classes
    largest = probabilities.amax(dim=1)
    others = (1 - largest) / (n_classes - 1)
    least = (
        (uniform - largest).square() + (n_classes - 1) * (uniform - others).square()
    ) / n_classes
    variance = (probabilities - uniform).square().mean(dim=1)
    ratio = torch.where(variance > 0, least / variance, 1.0).clamp(max=1)
    return 1 - largest * ratio

"""Feature dropout: which images' predictions change when some of their features are dropped.

Gupte, Aklilu, Nirschl and Yeung-Levy, "Revisiting Active Learning in the Era of Vision Foundation
Models" (TMLR 2024): DropQuery. Torch is imported when it is asked: a plugin that imports these by
name is listed without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from torch import nn

_ROWS = 4096
_ENOUGH = 25
"""With fewer candidates than so many for each pick, one changed prediction suffices."""


def changed_predictions(
    features: torch.Tensor,
    head: nn.Module,
    copies: int,
    dropout: float,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Of how many copies under dropout the predicted class is another than without, (n,).

    ``features`` is (n, D). What is kept is divided by 1 - ``dropout``.
    """
    import torch

    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    changed = []
    with torch.no_grad():
        for start in range(0, len(features), _ROWS):
            rows = features[start : start + _ROWS]
            predicted = head(rows).argmax(dim=1)
            count = torch.zeros(len(rows), dtype=torch.int64)
            for _ in range(copies):
                kept = torch.rand(rows.shape, generator=generator) >= dropout
                dropped = rows * kept.to(rows.device) / (1 - dropout)
                count += (head(dropped).argmax(dim=1) != predicted).cpu()
            changed.append(count)
    return torch.cat(changed).numpy()


def inconsistent_rows(changed: NDArray[np.int64], budget: int) -> NDArray[np.int64]:
    """Positions, ascending, of the rows of which more than one copy has changed.

    Where these are fewer than 25 for each of ``budget`` picks, of which more than none has.
    ``changed`` are copies counted by ``changed_predictions``, (n,).
    """
    candidates = np.flatnonzero(changed > 1)
    return candidates if len(candidates) >= _ENOUGH * budget else np.flatnonzero(changed > 0)

"""Rows of length one, whose distances are those of their directions."""

from __future__ import annotations

import torch


def unit_rows(rows: torch.Tensor) -> torch.Tensor:
    """Rows divided by their Euclidean lengths, (n, D), of their type; a row of zeros stays one."""
    lengths = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    divided: torch.Tensor = rows / lengths.masked_fill(lengths == 0, 1)
    return divided

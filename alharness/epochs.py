"""The one epoch loop: everything that trains goes through it, samplers that train included."""

from __future__ import annotations

from collections.abc import Callable

import torch


def run_epochs(
    n_images: int,
    batch_size: int,
    n_epochs: int,
    *,
    step: Callable[[torch.Tensor], torch.Tensor],
    after_epoch: Callable[[int, torch.Tensor], None],
    generator: torch.Generator,
) -> None:
    """Visit every image once per epoch, in an order drawn from ``generator`` (CPU).

    ``step(rows)`` trains on one batch, rows (b,) int64, and returns its mean
    loss, a scalar tensor that stays on its device. A last batch of one image is
    dropped (batch norm has no variance of one), others are kept, as is an only image.
    ``after_epoch(epoch, loss)`` is called with epochs from 0 and the mean loss
    of the epoch's batches.
    """
    for epoch in range(n_epochs):
        losses = [
            step(rows)
            for rows in torch.split(torch.randperm(n_images, generator=generator), batch_size)
            if len(rows) > 1 or min(batch_size, n_images) == 1
        ]
        after_epoch(epoch, torch.stack(losses).mean())

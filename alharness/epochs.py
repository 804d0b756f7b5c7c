"""The one iterator of batches and the one epoch loop, for samplers that train as for trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import torch

Batch = TypeVar("Batch")


def batches(
    n_images: int, batch_size: int, generator: torch.Generator | None = None
) -> Iterator[torch.Tensor]:
    """One pass over all images: rows (b,) int64 on the CPU, ``n_batches`` times.

    In an order drawn from ``generator`` (CPU) when the first batch is asked for, without
    one in their own order. A last batch of one image is dropped (batch norm has no variance
    of one), others are kept, as is an only image.
    """
    order = (
        torch.arange(n_images)
        if generator is None
        else torch.randperm(n_images, generator=generator)
    )
    yield from torch.split(order, batch_size)[: n_batches(n_images, batch_size)]


def n_batches(n_images: int, batch_size: int) -> int:
    """How many batches a pass over one image or more has, the dropped one not counted."""
    whole, rest = divmod(n_images, batch_size)
    return whole + (rest > 1 or whole == 0)


def run_epochs(
    n_epochs: int,
    one_pass: Callable[[], Iterable[Batch]],
    *,
    step: Callable[[Batch], torch.Tensor],
    after_epoch: Callable[[int, torch.Tensor], None],
) -> None:
    """The epoch loop: everything that trains goes through it.

    ``one_pass()`` gives an epoch's batches, as ``batches`` does; what a batch is, its step
    knows. ``step(batch)`` trains on one and returns its mean loss, a scalar tensor that
    stays on its device. ``after_epoch(epoch, loss)`` is called with epochs from 0 and the
    mean loss of the epoch's batches.
    """
    for epoch in range(n_epochs):
        losses = [step(batch) for batch in one_pass()]
        after_epoch(epoch, torch.stack(losses).mean())

"""The one iterator of batches and the one epoch loop, for samplers that train as for trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import torch

from alharness.api.errors import HarnessError

Batch = TypeVar("Batch")

LEAST = 2
"""Images of a last batch that is kept: batch norm has no variance of one."""


def batches(
    n_images: int,
    batch_size: int,
    generator: torch.Generator | None = None,
    least: int = LEAST,
    device: torch.device | None = None,
) -> Iterator[torch.Tensor]:
    """One pass over all images: rows (b,) int64, ``n_batches`` times, on ``device`` (CPU).

    In an order drawn from ``generator`` (CPU) when the first batch is asked for, without
    one in their own order; it is copied to the device as a whole, and the host does not wait.
    A last batch of fewer than ``least`` images is dropped, unless it is the only one: with
    ``batch_size`` all batches are whole.
    """
    order = (
        torch.arange(n_images)
        if generator is None
        else torch.randperm(n_images, generator=generator)
    )
    order = order if device is None else _copied(order, device)
    yield from torch.split(order, batch_size)[: n_batches(n_images, batch_size, least)]


def _copied(order: torch.Tensor, device: torch.device) -> torch.Tensor:
    """From memory that a GPU can read by itself; from other memory the host would wait."""
    readable = order.pin_memory() if device.type == "cuda" else order
    return readable.to(device, non_blocking=True)


def n_batches(n_images: int, batch_size: int, least: int = LEAST) -> int:
    """How many batches a pass over one image or more has, the dropped one not counted."""
    whole, rest = divmod(n_images, batch_size)
    return whole + (rest >= least or whole == 0)


def _mean(losses: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.stack(list(losses)).mean()


def run_epochs(
    n_epochs: int,
    one_pass: Callable[[], Iterable[Batch]],
    *,
    step: Callable[[Batch], torch.Tensor],
    after_epoch: Callable[[int, torch.Tensor], None],
    mean: Callable[[Sequence[torch.Tensor]], torch.Tensor] = _mean,
) -> None:
    """The epoch loop: everything that trains goes through it.

    ``one_pass()`` gives an epoch's batches, as ``batches`` does; what a batch is, its step
    knows. ``step(batch)`` trains on one and returns its mean loss, a scalar tensor that
    stays on its device. ``after_epoch(epoch, loss)`` is called with epochs from 0 and the
    mean loss of the epoch's batches. A step of several models at once may return other than a
    scalar, if ``mean`` says what the mean of such losses is.
    """
    for epoch in range(n_epochs):
        losses = [step(batch) for batch in one_pass()]
        after_epoch(epoch, mean(losses))


def finite_loss(where: str, remedy: str) -> Callable[[int, torch.Tensor], None]:
    """What ``run_epochs`` takes as ``after_epoch`` where a training that diverged is an error.

    It raises HarnessError, of ``where`` and with ``remedy``, when an epoch's mean loss is NaN or
    infinite. It waits for the device once an epoch.
    """

    def after_epoch(epoch: int, loss: torch.Tensor) -> None:
        if not torch.isfinite(loss):
            raise HarnessError(
                f"the loss is {loss.item()} in epoch {epoch}", where=where, remedy=remedy
            )

    return after_epoch

"""The frame of the game: who learns from which loss, what images are played with, how long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import nn

import alharness
from alharness.epochs import batches, finite_loss, run_epochs
from alharness_plugins.samplers.parts.adversarial import GameParameters
from alharness_plugins.samplers.parts.adversarial.networks import Discriminator, Vae

Outputs = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Of a VAE: reconstruction, latent mean and log variance."""


class Player:
    """Modules that learn from one loss, by an Adam of their own."""

    def __init__(self, learning_rate: float, *modules: nn.Module) -> None:
        self._weights = [weight for module in modules for weight in module.parameters()]
        self._optimizer = torch.optim.Adam(self._weights, lr=learning_rate, fused=True)

    def step(self, loss: torch.Tensor) -> torch.Tensor:
        """Move these modules, and no other that the loss depends on; the loss, detached."""
        self._optimizer.zero_grad()
        loss.backward(inputs=self._weights)  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return loss.detach()


def play(
    iteration: Callable[[], torch.Tensor],
    pool: alharness.Pool,
    parameters: GameParameters,
    where: str,
    one_epoch: Callable[[int], Iterable[int]] = range,
) -> None:
    """Epochs of (n_labeled + n_unlabeled) // batch_size iterations each, at least one.

    ``iteration()`` plays one and returns its loss, a scalar; ``one_epoch`` is given their
    number. Raises HarnessError, which names ``where``, when an epoch's mean loss is not finite.
    """
    iterations = max((pool.n_labeled + pool.n_unlabeled) // parameters.batch_size, 1)
    run_epochs(
        parameters.epochs,
        lambda: one_epoch(iterations),
        step=lambda _: iteration(),
        after_epoch=finite_loss(where, remedy="Try a lower learning_rate"),
    )


def image_shape(pool: alharness.Pool) -> tuple[int, int]:
    """Channels and side of a pool's images, found by one of them."""
    _, channels, side, _ = pool.images("labeled", torch.tensor([0])).shape
    return channels, side


def rows_of_both(pool: alharness.Pool, size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Rows of labeled and of unlabeled images, (b,) int64 each, without end.

    Drawn from torch's global CPU generator.
    """
    passes = (
        endless_passes(n, size, torch.default_generator) for n in (pool.n_labeled, pool.n_unlabeled)
    )
    yield from zip(*passes, strict=True)


def endless_passes(n: int, size: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Rows, (b,) int64, of shuffled passes over n images, one pass after the other."""
    while True:
        yield from batches(n, size, generator)


@torch.no_grad()
def unlabeled_logits(
    vae: Vae, discriminator: Discriminator, pool: alharness.Pool, size: int
) -> torch.Tensor:
    """Of "labeled", (n_unlabeled,), of latent means; leaves both networks in evaluation mode.

    ``size``: images that are encoded at once.
    """
    vae.eval()
    discriminator.eval()
    return torch.cat(
        [discriminator(vae.encode(images)[0]) for _, images in pool.minibatches(size=size)]
    )

"""The game of VAE and discriminator."""

from __future__ import annotations

from collections.abc import Iterator

import torch

import alharness
from alharness.epochs import batches, run_epochs
from alharness_plugins.samplers.vaal import VaalParameters, losses
from alharness_plugins.samplers.vaal.networks import Discriminator, Vae

Outputs = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Of the VAE: reconstruction, latent mean and log variance."""


def trained_networks(pool: alharness.Pool, parameters: VaalParameters) -> tuple[Vae, Discriminator]:
    """Both networks after all epochs. Draws from torch's global generators.

    An epoch has (n_labeled + n_unlabeled) // batch_size iterations, at least one.
    Raises HarnessError when a loss is not finite, or images are too small.
    """
    game = Game(pool, parameters)
    iterations = max((pool.n_labeled + pool.n_unlabeled) // parameters.batch_size, 1)
    run_epochs(
        parameters.epochs,
        lambda: _epoch(iterations),
        step=lambda _: game.iteration(),
        after_epoch=_checked,
    )
    return game.vae, game.discriminator


class Game:
    """VAE and discriminator, their optimizers, and the batches they play with."""

    def __init__(self, pool: alharness.Pool, parameters: VaalParameters) -> None:
        _, channels, side, _ = pool.images("labeled", torch.tensor([0])).shape
        self.vae = Vae(channels, side, parameters.latent, parameters.width).to(pool.device)
        self.discriminator = Discriminator(parameters.latent).to(pool.device)
        self._parameters = parameters
        self._batches = labeled_and_unlabeled(pool, parameters.batch_size)
        self._vae_optimizer, self._discriminator_optimizer = (
            torch.optim.Adam(network.parameters(), lr=parameters.learning_rate, fused=True)
            for network in (self.vae, self.discriminator)
        )

    def iteration(self) -> torch.Tensor:
        """Steps of the VAE, each on a batch of its own, then of the discriminator.

        The discriminator's first step takes the VAE's last batch. Returns the sum of the
        last losses of both, a scalar.
        """
        for _ in range(self._parameters.vae_steps):
            labeled, unlabeled = next(self._batches)
            vae_loss = self.vae_step(labeled, unlabeled)
        for number in range(self._parameters.adversary_steps):
            if number > 0:
                labeled, unlabeled = next(self._batches)
            discriminator_loss = self.discriminator_step(labeled, unlabeled)
        return vae_loss + discriminator_loss

    def vae_step(self, labeled: torch.Tensor, unlabeled: torch.Tensor) -> torch.Tensor:
        """Reconstruct both sets and make them pass for labeled; returns the loss."""
        self.vae.train()
        reduced = losses.REDUCTIONS[self._parameters.reduction]
        labeled_outputs: Outputs = self.vae(labeled)
        unlabeled_outputs: Outputs = self.vae(unlabeled)
        loss = (
            reduced(labeled, *labeled_outputs, self._parameters.beta)
            + reduced(unlabeled, *unlabeled_outputs, self._parameters.beta)
            + self._parameters.adversary_weight
            * losses.deceiving(*self._logits(labeled_outputs[1], unlabeled_outputs[1]))
        )
        self._vae_optimizer.zero_grad()
        loss.backward(inputs=list(self.vae.parameters()))  # type: ignore[no-untyped-call]
        self._vae_optimizer.step()
        return loss.detach()

    def discriminator_step(self, labeled: torch.Tensor, unlabeled: torch.Tensor) -> torch.Tensor:
        """Tell labeled from unlabeled; returns the loss.

        Latent means come from the VAE in evaluation mode, as in the published code: as they
        are when scored, and batch norm does not take away what sets one batch apart from the
        other.
        """
        self.vae.eval()
        with torch.no_grad():
            means = [self.vae.encode(images)[0] for images in (labeled, unlabeled)]
        loss = losses.discriminating(*self._logits(*means))
        self._discriminator_optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._discriminator_optimizer.step()
        return loss.detach()

    def _logits(self, *means: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Of labeled and unlabeled means, in one pass."""
        logits: torch.Tensor = self.discriminator(torch.cat(means))
        return torch.split(logits, [len(one) for one in means])


def labeled_and_unlabeled(
    pool: alharness.Pool, size: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Labeled and unlabeled images, without end; draws from torch's global CPU generator."""
    labeled = endless_passes(pool.n_labeled, size, torch.default_generator)
    unlabeled = endless_passes(pool.n_unlabeled, size, torch.default_generator)
    for pair in zip(labeled, unlabeled, strict=True):
        yield pool.images("labeled", pair[0]), pool.images("unlabeled", pair[1])


def endless_passes(n: int, size: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Rows, (b,) int64, of shuffled passes over n images, one pass after the other."""
    while True:
        yield from batches(n, size, generator)


def _epoch(iterations: int) -> range:
    # Version 0.1 shuffled its iterations: without this draw, its published figures are others.
    torch.randperm(iterations)
    return range(iterations)


def _checked(epoch: int, loss: torch.Tensor) -> None:
    if not torch.isfinite(loss):
        raise alharness.HarnessError(
            f"the loss is {loss.item()} in epoch {epoch}",
            where="vaal",
            remedy="Try a lower learning_rate",
        )

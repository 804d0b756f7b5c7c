"""The game of VAE and discriminator."""

from __future__ import annotations

from collections.abc import Iterator

import torch

import alharness
from alharness_plugins.samplers.parts.adversarial import losses
from alharness_plugins.samplers.parts.adversarial.game import (
    Outputs,
    Player,
    image_shape,
    play,
    rows_of_both,
)
from alharness_plugins.samplers.parts.adversarial.networks import Discriminator, Vae
from alharness_plugins.samplers.vaal import VaalParameters
from alharness_plugins.samplers.vaal.losses import REDUCTIONS


def trained_networks(pool: alharness.Pool, parameters: VaalParameters) -> tuple[Vae, Discriminator]:
    """Both networks after all epochs. Draws from torch's global generators.

    Raises HarnessError when a loss is not finite, or images are too small.
    """
    game = Game(pool, parameters)
    play(game.iteration, pool, parameters, where="vaal", one_epoch=_epoch)
    return game.vae, game.discriminator


class Game:
    """VAE and discriminator, and the batches they play with."""

    def __init__(self, pool: alharness.Pool, parameters: VaalParameters) -> None:
        self.vae = Vae(*image_shape(pool), parameters.latent, parameters.width).to(pool.device)
        self.discriminator = Discriminator(parameters.latent).to(pool.device)
        self._parameters = parameters
        self._batches = labeled_and_unlabeled(pool, parameters.batch_size)
        self._generating = Player(parameters.learning_rate, self.vae)
        self._discriminating = Player(parameters.learning_rate, self.discriminator)

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
        reduced = REDUCTIONS[self._parameters.reduction]
        labeled_outputs: Outputs = self.vae(labeled)
        unlabeled_outputs: Outputs = self.vae(unlabeled)
        return self._generating.step(
            reduced(labeled, *labeled_outputs, self._parameters.beta)
            + reduced(unlabeled, *unlabeled_outputs, self._parameters.beta)
            + self._parameters.adversary_weight
            * losses.deceiving(*self._logits(labeled_outputs[1], unlabeled_outputs[1]))
        )

    def discriminator_step(self, labeled: torch.Tensor, unlabeled: torch.Tensor) -> torch.Tensor:
        """Tell labeled from unlabeled; returns the loss.

        Latent means come from the VAE in evaluation mode, as in the published code: as they
        are when scored, and batch norm does not take away what sets one batch apart from the
        other.
        """
        self.vae.eval()
        with torch.no_grad():
            means = [self.vae.encode(images)[0] for images in (labeled, unlabeled)]
        return self._discriminating.step(losses.discriminating(*self._logits(*means)))

    def _logits(self, *means: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Of labeled and unlabeled means, in one pass."""
        logits: torch.Tensor = self.discriminator(torch.cat(means))
        return torch.split(logits, [len(one) for one in means])


def labeled_and_unlabeled(
    pool: alharness.Pool, size: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Labeled and unlabeled images, without end; draws from torch's global CPU generator."""
    for labeled, unlabeled in rows_of_both(pool, size):
        yield pool.images("labeled", labeled), pool.images("unlabeled", unlabeled)


def _epoch(iterations: int) -> range:
    # Version 0.1 shuffled its iterations: without this draw, its published figures are others.
    torch.randperm(iterations)
    return range(iterations)

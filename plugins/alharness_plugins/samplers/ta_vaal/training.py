"""The game of a VAE and a discriminator that are told ranks."""

from __future__ import annotations

from collections.abc import Iterator

import torch

import alharness
from alharness_plugins.samplers.parts.adversarial import losses
from alharness_plugins.samplers.parts.adversarial.game import (
    Player,
    image_shape,
    play,
    rows_of_both,
)
from alharness_plugins.samplers.ta_vaal import TaVaalParameters
from alharness_plugins.samplers.ta_vaal.networks import RankedDiscriminator, RankedVae

SUBSETS: tuple[alharness.Subset, alharness.Subset] = ("labeled", "unlabeled")

Batch = tuple[torch.Tensor, torch.Tensor]
"""Images with their ranks, (n,)."""


def trained_game(pool: alharness.Pool, parameters: TaVaalParameters) -> Game:
    """The game after all epochs. Draws from torch's global generators.

    Raises HarnessError when a loss is not finite, or images are too small.
    """
    game = Game(pool, parameters)
    play(game.iteration, pool, parameters, where="ta-vaal")
    return game


class Game:
    """VAE and discriminator, and the ranks of all images."""

    def __init__(self, pool: alharness.Pool, parameters: TaVaalParameters) -> None:
        shape = image_shape(pool)
        self.vae = RankedVae(*shape, parameters.latent, parameters.width).to(pool.device)
        self.discriminator = RankedDiscriminator(parameters.latent).to(pool.device)
        self._pool = pool
        self._parameters = parameters
        self._ranks = _ranks(pool)
        self._batches = self._endless_batches()
        self._generating = Player(parameters.learning_rate, self.vae)
        self._discriminating = Player(parameters.learning_rate, self.discriminator)

    def iteration(self) -> torch.Tensor:
        """A step of the VAE and one of the discriminator; the sum of both losses, a scalar."""
        labeled, unlabeled = next(self._batches)
        return self.vae_step(labeled, unlabeled) + self.discriminator_step(labeled, unlabeled)

    def vae_step(self, labeled: Batch, unlabeled: Batch) -> torch.Tensor:
        """Reconstruct both sets and make them pass for labeled; returns the loss."""
        self.vae.train()
        loss = torch.zeros((), device=self._pool.device)
        logits = []
        for images, ranks in (labeled, unlabeled):
            outputs = self.vae.reconstructed(images, ranks.sigmoid())
            loss = loss + reconstruction_loss(images, *outputs, self._parameters.beta)
            logits.append(self.discriminator(outputs[1], ranks))
        return self._generating.step(
            loss + self._parameters.adversary_weight * losses.deceiving(*logits)
        )

    def discriminator_step(self, labeled: Batch, unlabeled: Batch) -> torch.Tensor:
        """Tell labeled from unlabeled by latent means and ranks; returns the loss."""
        self.vae.eval()
        return self._discriminating.step(
            losses.discriminating(*(self._judged(*batch) for batch in (labeled, unlabeled)))
        )

    def logits(self) -> torch.Tensor:
        """Of "labeled", (n_unlabeled,), of all unlabeled images; networks in evaluation mode."""
        self.vae.eval()
        self.discriminator.eval()
        size, ranks = self._parameters.batch_size, self._ranks["unlabeled"]
        with torch.no_grad():
            minibatches = self._pool.minibatches(size=size)
            return torch.cat([self._judged(images, ranks[rows]) for rows, images in minibatches])

    def _judged(self, images: torch.Tensor, ranks: torch.Tensor) -> torch.Tensor:
        """The discriminator's logits of images, (n,); no gradients reach the VAE."""
        with torch.no_grad():
            means = self.vae.encode(images)[0]
        logits: torch.Tensor = self.discriminator(means, ranks)
        return logits

    def _endless_batches(self) -> Iterator[tuple[Batch, Batch]]:
        """Labeled and unlabeled images, without end; the first ones' ranks are drawn at random."""
        ranks = self._ranks
        first = True
        for pair in rows_of_both(self._pool, self._parameters.batch_size):
            labeled, unlabeled = (
                (
                    self._pool.images(subset, rows),
                    torch.rand(len(rows)).to(self._pool.device)
                    if first
                    else ranks[subset][rows.to(self._pool.device)],
                )
                for subset, rows in zip(SUBSETS, pair, strict=True)
            )
            first = False
            yield labeled, unlabeled


def reconstruction_loss(
    images: torch.Tensor,
    reconstruction: torch.Tensor,
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    beta: float,
) -> torch.Tensor:
    """Squared error averaged over pixels and images, plus beta times the KL divergence averaged
    over latent dimensions and images: a scalar."""
    errors = (reconstruction - images).square().mean()
    return errors + beta * losses.kl_divergence(mean, log_variance).mean() / mean.shape[1]


@torch.no_grad()
def _ranks(pool: alharness.Pool) -> dict[alharness.Subset, torch.Tensor]:
    """The ranker's answers, (n,) of each subset."""
    ranker = pool.extension()
    return {subset: ranker(pool.levels(subset)) for subset in SUBSETS}

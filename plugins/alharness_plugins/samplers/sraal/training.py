"""The game of a VAE with a classifier and a discriminator whose targets say how uncertain it is."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

import alharness
from alharness_plugins.samplers.parts.adversarial import losses
from alharness_plugins.samplers.parts.adversarial.game import (
    Outputs,
    Player,
    image_shape,
    play,
    rows_of_both,
    unlabeled_logits,
)
from alharness_plugins.samplers.parts.adversarial.networks import Discriminator, Vae
from alharness_plugins.samplers.sraal import SraalParameters
from alharness_plugins.samplers.sraal.uncertainty import state_uncertainty


def trained_game(pool: alharness.Pool, parameters: SraalParameters) -> Game:
    """The game after all epochs. Draws from torch's global generators.

    Raises HarnessError when a loss is not finite, or images are too small.
    """
    game = Game(pool, parameters)
    play(game.iteration, pool, parameters, where="sraal")
    return game


class Game:
    """VAE with its classifier and discriminator, and what they play with."""

    def __init__(self, pool: alharness.Pool, parameters: SraalParameters) -> None:
        self.vae = Vae(*image_shape(pool), parameters.latent, parameters.width).to(pool.device)
        self.classifier = nn.Linear(parameters.latent, pool.n_classes).to(pool.device)
        self.discriminator = Discriminator(parameters.latent).to(pool.device)
        self._pool = pool
        self._parameters = parameters
        self._labels = pool.labels()
        self._rows = rows_of_both(pool, parameters.batch_size)
        self._representing = Player(parameters.learning_rate, self.vae, self.classifier)
        self._discriminating = Player(parameters.learning_rate, self.discriminator)

    def iteration(self) -> torch.Tensor:
        """A step of the VAE and one of the discriminator; the sum of both losses, a scalar."""
        rows, unlabeled_rows = next(self._rows)
        labeled = self._pool.images("labeled", rows)
        unlabeled = self._pool.images("unlabeled", unlabeled_rows)
        labels = self._labels[rows.to(self._labels.device)]
        vae_loss = self.vae_step(labeled, labels, unlabeled)
        return vae_loss + self.discriminator_step(labeled, unlabeled)

    def vae_step(
        self, labeled: torch.Tensor, labels: torch.Tensor, unlabeled: torch.Tensor
    ) -> torch.Tensor:
        """Reconstruct both sets, classify the labeled one, make both pass for labeled.

        Returns the loss.
        """
        self.vae.train()
        labeled_outputs: Outputs = self.vae(labeled)
        unlabeled_outputs: Outputs = self.vae(unlabeled)
        means = labeled_outputs[1], unlabeled_outputs[1]
        return self._representing.step(
            losses.per_image(labeled, *labeled_outputs, self._parameters.beta)
            + losses.per_image(unlabeled, *unlabeled_outputs, self._parameters.beta)
            + self._parameters.target_weight * cross_entropy(self.classifier(means[0]), labels)
            + self._parameters.adversary_weight
            * losses.deceiving(*(self.discriminator(one) for one in means))
        )

    def discriminator_step(self, labeled: torch.Tensor, unlabeled: torch.Tensor) -> torch.Tensor:
        """Tell labeled from unlabeled images, the more the less certain they are; the loss.

        Latent means come from the VAE in evaluation mode, as they are when scored.
        """
        self.vae.eval()
        with torch.no_grad():
            means = [self.vae.encode(images)[0] for images in (labeled, unlabeled)]
            states = 1 - state_uncertainty(self.classifier(means[1]).softmax(dim=1))
        logits = [self.discriminator(one) for one in means]
        loss = binary_cross_entropy_with_logits(logits[0], torch.ones_like(logits[0]))
        loss = loss + binary_cross_entropy_with_logits(logits[1], states)
        return self._discriminating.step(loss)

    def logits(self) -> torch.Tensor:
        """Of "labeled", (n_unlabeled,), of all unlabeled images; networks in evaluation mode."""
        return unlabeled_logits(
            self.vae, self.discriminator, self._pool, self._parameters.batch_size
        )

"""The game of a VAE with a classifier and a discriminator whose targets say how uncertain it is."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

import alharness
from alharness.epochs import run_epochs
from alharness_plugins.samplers.sraal import SraalParameters
from alharness_plugins.samplers.sraal.uncertainty import state_uncertainty
from alharness_plugins.samplers.vaal import losses
from alharness_plugins.samplers.vaal.networks import Discriminator, Vae
from alharness_plugins.samplers.vaal.training import Outputs, endless_passes


def trained_game(pool: alharness.Pool, parameters: SraalParameters) -> Game:
    """The game after all steps: ``epochs`` times (labeled + unlabeled) over the batch's size.

    Draws from torch's global generators. Raises HarnessError when a loss is not finite, or images
    are too small.
    """
    game = Game(pool, parameters)
    steps = max((pool.n_labeled + pool.n_unlabeled) // parameters.batch_size, 1)
    run_epochs(
        parameters.epochs,
        lambda: range(steps),
        step=lambda _: game.iteration(),
        after_epoch=_checked,
    )
    return game


class Game:
    """VAE with its classifier and discriminator, their optimizers, and what they play with."""

    def __init__(self, pool: alharness.Pool, parameters: SraalParameters) -> None:
        _, channels, side, _ = pool.images("labeled", torch.tensor([0])).shape
        self.vae = Vae(channels, side, parameters.latent, parameters.width).to(pool.device)
        self.classifier = nn.Linear(parameters.latent, pool.n_classes).to(pool.device)
        self.discriminator = Discriminator(parameters.latent).to(pool.device)
        self._pool = pool
        self._parameters = parameters
        self._labels = pool.labels()
        self._labeled, self._unlabeled = (
            endless_passes(n, parameters.batch_size, torch.default_generator)
            for n in (pool.n_labeled, pool.n_unlabeled)
        )
        representing = [*self.vae.parameters(), *self.classifier.parameters()]
        self._vae_optimizer, self._discriminator_optimizer = (
            torch.optim.Adam(weights, lr=parameters.learning_rate, fused=True)
            for weights in (representing, list(self.discriminator.parameters()))
        )

    def iteration(self) -> torch.Tensor:
        """A step of the VAE and one of the discriminator; the sum of both losses, a scalar."""
        rows = next(self._labeled)
        labeled = self._pool.images("labeled", rows)
        unlabeled = self._pool.images("unlabeled", next(self._unlabeled))
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
        loss = (
            losses.per_image(labeled, *labeled_outputs, self._parameters.beta)
            + losses.per_image(unlabeled, *unlabeled_outputs, self._parameters.beta)
            + self._parameters.target_weight * cross_entropy(self.classifier(means[0]), labels)
            + self._parameters.adversary_weight
            * losses.deceiving(*(self.discriminator(one) for one in means))
        )
        trained = [*self.vae.parameters(), *self.classifier.parameters()]
        self._vae_optimizer.zero_grad()
        loss.backward(inputs=trained)  # type: ignore[no-untyped-call]
        self._vae_optimizer.step()
        return loss.detach()

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
        self._discriminator_optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._discriminator_optimizer.step()
        return loss.detach()

    @torch.no_grad()
    def logits(self) -> torch.Tensor:
        """Of "labeled", (n_unlabeled,), of all unlabeled images; networks in evaluation mode."""
        self.vae.eval()
        self.discriminator.eval()
        minibatches = self._pool.minibatches(size=self._parameters.batch_size)
        return torch.cat(
            [self.discriminator(self.vae.encode(images)[0]) for _, images in minibatches]
        )


def _checked(epoch: int, loss: torch.Tensor) -> None:
    if not torch.isfinite(loss):
        raise alharness.HarnessError(
            f"the loss is {loss.item()} in epoch {epoch}",
            where="sraal",
            remedy="Try a lower learning_rate",
        )

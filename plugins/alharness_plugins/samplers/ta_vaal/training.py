"""The game of a VAE and a discriminator that are told ranks."""

from __future__ import annotations

from collections.abc import Iterator

import torch

import alharness
from alharness.epochs import run_epochs
from alharness_plugins.samplers.ta_vaal import TaVaalParameters
from alharness_plugins.samplers.ta_vaal.networks import RankedDiscriminator, RankedVae
from alharness_plugins.samplers.vaal import losses
from alharness_plugins.samplers.vaal.training import endless_passes

SUBSETS: tuple[alharness.Subset, alharness.Subset] = ("labeled", "unlabeled")

Batch = tuple[torch.Tensor, torch.Tensor]
"""Images with their ranks, (n,)."""


def trained_game(pool: alharness.Pool, parameters: TaVaalParameters) -> Game:
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
    """VAE and discriminator, their optimizers, and the ranks of all images."""

    def __init__(self, pool: alharness.Pool, parameters: TaVaalParameters) -> None:
        _, channels, side, _ = pool.images("labeled", torch.tensor([0])).shape
        self.vae = RankedVae(channels, side, parameters.latent, parameters.width).to(pool.device)
        self.discriminator = RankedDiscriminator(parameters.latent).to(pool.device)
        self._pool = pool
        self._parameters = parameters
        self._ranks = _ranks(pool)
        self._batches = self._endless_batches()
        self._vae_optimizer, self._discriminator_optimizer = (
            torch.optim.Adam(network.parameters(), lr=parameters.learning_rate, fused=True)
            for network in (self.vae, self.discriminator)
        )

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
        loss = loss + self._parameters.adversary_weight * losses.deceiving(*logits)
        self._vae_optimizer.zero_grad()
        loss.backward(inputs=list(self.vae.parameters()))  # type: ignore[no-untyped-call]
        self._vae_optimizer.step()
        return loss.detach()

    def discriminator_step(self, labeled: Batch, unlabeled: Batch) -> torch.Tensor:
        """Tell labeled from unlabeled by latent means and ranks; returns the loss."""
        self.vae.eval()
        loss = losses.discriminating(*(self._judged(*batch) for batch in (labeled, unlabeled)))
        self._discriminator_optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._discriminator_optimizer.step()
        return loss.detach()

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
        sizes = self._pool.n_labeled, self._pool.n_unlabeled
        passes = (
            endless_passes(n, self._parameters.batch_size, torch.default_generator) for n in sizes
        )
        ranks = self._ranks
        first = True
        for pair in zip(*passes, strict=True):
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


def _checked(epoch: int, loss: torch.Tensor) -> None:
    if not torch.isfinite(loss):
        raise alharness.HarnessError(
            f"the loss is {loss.item()} in epoch {epoch}",
            where="ta-vaal",
            remedy="Try a lower learning_rate",
        )

"""VAAL.

Published traps: score upside down (2), row positions (4), one target for both sets (7),
evaluation mode (8, 15), mean against sum (15). Independent sources:
torch.distributions.kl_divergence, and the losses by their formulas in NumPy, float64;
layers counted by hand.
"""

from __future__ import annotations

import copy
from collections import Counter
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.parts.adversarial.game import endless_passes
from alharness_plugins.samplers.parts.adversarial.losses import (
    deceiving,
    discriminating,
    kl_divergence,
)
from alharness_plugins.samplers.parts.adversarial.networks import Discriminator, Vae, sides_of
from alharness_plugins.samplers.vaal import Vaal, VaalParameters, training
from alharness_plugins.samplers.vaal.losses import REDUCTIONS
from pydantic import ValidationError
from sklearn.datasets import load_digits
from torch import nn
from torch.distributions import Normal
from torch.distributions import kl_divergence as reference_divergence

from alharness import HarnessError, Subset
from alharness.engine.images import HeldImages
from alharness.engine.network import Network
from alharness.engine.pool import ImagePool

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = {"width": 4, "epochs": 1, "batch_size": 8}


class ImagesOnly(ImagePool):
    """Knows no labels and no task model, and counts the batches that are asked for."""

    def __init__(self, unlabeled: torch.Tensor, labeled: torch.Tensor) -> None:
        nothing = Network(nn.Identity(), torch.zeros(1), torch.ones(1))
        labels = torch.zeros(len(labeled), dtype=torch.int64)
        super().__init__(_held(unlabeled), _held(labeled), labels, 10, nothing, None)
        self.batches: Counter[str] = Counter()
        self.largest = 0

    def images(
        self, subset: Subset = "unlabeled", rows: torch.Tensor | None = None
    ) -> torch.Tensor:
        assert rows is not None, "all images at once"
        self.batches[subset] += 1
        self.largest = max(self.largest, len(rows))
        return super().images(subset, rows)

    def labels(self) -> torch.Tensor:
        raise AssertionError("VAAL learns nothing of labels")

    def model(self) -> nn.Module:
        raise AssertionError("VAAL is trained apart from the task model")

    logits = probabilities = embeddings = previous_model = model


def _held(images: torch.Tensor) -> HeldImages:
    return HeldImages((images * 255).round().to(torch.uint8))


def noise(
    n_unlabeled: int, n_labeled: int, side: int = 8, channels: int = 1, seed: int = 0
) -> ImagesOnly:
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(n_unlabeled + n_labeled, channels, side, side, generator=generator)
    return ImagesOnly(images[:n_unlabeled], images[n_unlabeled:])


def half_turned(seed: int) -> tuple[ImagesOnly, np.ndarray]:
    """Handwritten digits; about half of the unlabeled ones lie on their side: which."""
    rng = np.random.default_rng(seed)
    digits = torch.tensor(rng.permutation(load_digits().images) / 16)[:, None].float()
    labeled, unlabeled = digits[:96], digits[96:296].clone()
    turned = rng.random(200) < 0.5
    unlabeled[turned] = unlabeled[turned].rot90(1, (2, 3))
    return ImagesOnly(unlabeled, labeled), turned


def seeded_scores(pool: ImagesOnly, seed: int = 0, **parameters: Any) -> torch.Tensor:
    torch.manual_seed(seed)
    return Vaal(**parameters).scores(pool)


def game_of(pool: ImagesOnly, **parameters: Any) -> training.Game:
    torch.manual_seed(0)
    return training.Game(pool, VaalParameters(**{**SMALL, **parameters}))


def state(network: nn.Module) -> dict[str, torch.Tensor]:
    return copy.deepcopy(network.state_dict())


def changed(before: dict[str, torch.Tensor], network: nn.Module) -> set[str]:
    after = network.state_dict()
    return {name for name, tensor in before.items() if not torch.equal(tensor, after[name])}


@pytest.mark.parametrize(
    "reduction", ["per-image", pytest.param("torchal", marks=pytest.mark.slow)]
)
def test_a_planted_shift_is_found(reduction: str) -> None:
    """Published trap 7. At random, half of what is picked lies on its side."""
    shares = []
    for seed in range(2):
        pool, turned = half_turned(seed)
        torch.manual_seed(seed)
        sampler = Vaal(width=8, epochs=8, batch_size=32, reduction=reduction)
        picks = sampler.query(pool, 20, np.random.default_rng(0))
        assert len(set(picks.tolist())) == 20
        shares.append(turned[picks].mean())
    assert np.mean(shares) > 0.85, shares


def sigmoid(logits: torch.Tensor) -> np.ndarray:
    return 1 / (1 + np.exp(-logits.detach().numpy().astype(np.float64)))


def cross_entropy(logits: torch.Tensor, target: int) -> float:
    labeled = sigmoid(logits)
    return float(-np.log(labeled if target == 1 else 1 - labeled).mean())


def reduced(
    reduction: str, images: torch.Tensor, outputs: tuple[torch.Tensor, ...], beta: float
) -> float:
    """By definition, image by image, in float64."""
    x, reconstruction, mean, log_variance = (
        tensor.detach().numpy().astype(np.float64) for tensor in (images, *outputs)
    )
    squares = [((a - b) ** 2).sum() for a, b in zip(x, reconstruction, strict=True)]
    divergences = [
        (-0.5 * (1 + v - m**2 - np.exp(v))).sum() for m, v in zip(mean, log_variance, strict=True)
    ]
    if reduction == "torchal":
        return sum(squares) / x.size + beta * sum(divergences)
    return (sum(squares) + beta * sum(divergences)) / len(x)


def test_the_divergence_is_that_of_two_gaussians() -> None:
    mean, log_variance = torch.randn(2, 50, 7, dtype=torch.float64)
    reference = reference_divergence(
        Normal(mean, (log_variance / 2).exp()), Normal(torch.zeros(7), torch.ones(7))
    )
    torch.testing.assert_close(kl_divergence(mean, log_variance), reference.sum(dim=1))


@pytest.mark.parametrize("reduction", ["per-image", "torchal"])
def test_reductions_by_definition(reduction: str) -> None:
    images, reconstruction = torch.rand(2, 5, 3, 4, 4)
    outputs = (reconstruction, *torch.randn(2, 5, 6))
    loss = REDUCTIONS[reduction](images, *outputs, beta=0.7)
    assert loss.item() == pytest.approx(reduced(reduction, images, outputs, 0.7), rel=1e-6)


def test_an_image_weighs_the_same_in_batches_of_any_size() -> None:
    """Published trap 15: in the published loss the KL divergence grows with the batch."""
    images, reconstruction = torch.rand(2, 1, 1, 4, 4)
    one = [images, reconstruction, *torch.randn(2, 1, 6)]
    many = [tensor.expand(9, *tensor.shape[1:]) for tensor in one]
    for reduction, same in [("per-image", True), ("torchal", False)]:
        loss = REDUCTIONS[reduction]
        assert torch.isclose(loss(*one, beta=1.0), loss(*many, beta=1.0)) == same


def test_adversarial_losses_by_formula() -> None:
    labeled, unlabeled = torch.randn(6), torch.randn(4)
    told = cross_entropy(labeled, 1) + cross_entropy(unlabeled, 0)
    passed = cross_entropy(labeled, 1) + cross_entropy(unlabeled, 1)
    assert discriminating(labeled, unlabeled).item() == pytest.approx(told, rel=1e-6)
    assert deceiving(labeled, unlabeled).item() == pytest.approx(passed, rel=1e-6)
    certain = torch.full((3,), 200.0)
    assert discriminating(certain, certain).item() == pytest.approx(200)


@pytest.mark.parametrize("reduction", ["per-image", "torchal"])
def test_a_step_of_the_vae(reduction: str) -> None:
    """Its loss on one batch; the discriminator stays as it is; batch norm sees each set alone."""
    pool = noise(8, 5)
    game = game_of(pool, reduction=reduction, beta=0.3, adversary_weight=2.0)
    labeled, unlabeled = pool.images("labeled", torch.arange(5)), pool.images(rows=torch.arange(8))
    vae, before = copy.deepcopy(game.vae), (state(game.vae), state(game.discriminator))
    game.vae.eval()
    torch.manual_seed(1)
    loss = game.vae_step(labeled, unlabeled)
    torch.manual_seed(1)
    outputs = [vae.train()(images) for images in (labeled, unlabeled)]
    expected = sum(
        reduced(reduction, images, one, 0.3) + 2.0 * cross_entropy(game.discriminator(one[1]), 1)
        for images, one in zip((labeled, unlabeled), outputs, strict=True)
    )
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    assert changed(before[0], game.vae) == before[0].keys()
    assert not changed(before[1], game.discriminator)
    for name, buffer in game.vae.named_buffers():
        torch.testing.assert_close(buffer, vae.get_buffer(name), msg=name)


def test_a_step_of_the_discriminator() -> None:
    """Its loss on latent means as they are scored; the VAE stays as it is, batch norm included."""
    pool = noise(8, 5)
    game = game_of(pool)
    labeled, unlabeled = pool.images("labeled", torch.arange(5)), pool.images(rows=torch.arange(8))
    game.vae_step(labeled, unlabeled)
    vae, before = copy.deepcopy(game.vae).eval(), (state(game.vae), state(game.discriminator))
    discriminator = copy.deepcopy(game.discriminator)
    game.vae.zero_grad()
    loss = game.discriminator_step(labeled, unlabeled)
    expected = cross_entropy(discriminator(vae.encode(labeled)[0]), 1) + cross_entropy(
        discriminator(vae.encode(unlabeled)[0]), 0
    )
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    assert not changed(before[0], game.vae)
    assert all(parameter.grad is None for parameter in game.vae.parameters())
    assert changed(before[1], game.discriminator) == before[1].keys()


@pytest.mark.parametrize(
    ("vae_steps", "adversary_steps", "drawn"), [(1, 1, 1), (2, 1, 2), (1, 3, 3), (2, 2, 3)]
)
def test_iterations_and_their_steps(vae_steps: int, adversary_steps: int, drawn: int) -> None:
    """(21 + 13) // 8 = 4 iterations in each of 3 epochs; further steps take further batches.

    Batch norm in train mode (trap 15) counts two batches in each step of the VAE, and no more.
    """
    pool = noise(21, 13)
    parameters = VaalParameters(
        width=2, batch_size=8, epochs=3, vae_steps=vae_steps, adversary_steps=adversary_steps
    )
    vae, _ = training.trained_networks(pool, parameters)
    assert pool.batches == {"labeled": 12 * drawn + 1, "unlabeled": 12 * drawn}
    assert pool.largest == 8
    seen = {int(value) for name, value in vae.named_buffers() if name.endswith("tracked")}
    assert seen == {12 * vae_steps * 2}


@pytest.mark.parametrize(
    ("n", "size", "lengths"),
    [
        (20, 8, [8, 8, 4] * 2),
        (17, 8, [8, 8] * 2),
        (5, 8, [5] * 2),
        (1, 8, [1] * 2),
        (3, 1, [1] * 6),
    ],
)
def test_passes_are_shuffled_and_endless(n: int, size: int, lengths: list[int]) -> None:
    """A last batch of one image is dropped, as in the epoch loop; an only image is not."""
    drawn = list(islice(endless_passes(n, size, torch.Generator()), len(lengths)))
    assert [len(rows) for rows in drawn] == lengths
    half = len(lengths) // 2
    passes = [torch.cat(drawn[:half]).tolist(), torch.cat(drawn[half:]).tolist()]
    for rows in passes:
        assert len(set(rows)) == len(rows) == n - (n == 17)
        assert set(rows) <= set(range(n))
    assert n == 1 or passes[0] != passes[1]


PUBLISHED_VAE = (
    16 * (3 * 128 + 128 * 256 + 256 * 512 + 512 * 1024)  # 4 × 4 convolutions without bias
    + 2 * (128 + 256 + 512 + 1024)  # their batch norm
    + 2 * (1024 * 2 * 2 * 32 + 32)  # μ and log σ²
    + (32 * 1024 * 4 * 4 + 1024 * 4 * 4)
    + 16 * (1024 * 512 + 512 * 256 + 256 * 128)
    + 2 * (512 + 256 + 128)
    + (128 * 3 + 3)  # 1 × 1
)
PUBLISHED_DISCRIMINATOR = (32 * 512 + 512) + 3 * (512 * 512 + 512) + (512 + 1)


def test_the_published_networks_at_32() -> None:
    vae, discriminator = Vae(3, 32, 32, 128), Discriminator(32)
    assert sum(p.numel() for p in vae.parameters()) == PUBLISHED_VAE == 22_835_139
    assert sum(p.numel() for p in discriminator.parameters()) == PUBLISHED_DISCRIMINATOR
    assert vae.encoder[:-1](torch.rand(2, 3, 32, 32)).shape == (2, 1024, 2, 2)
    assert vae.decoder[:2](torch.rand(2, 32)).shape == (2, 1024, 4, 4)
    outputs = [m.out_features for m in discriminator.modules() if isinstance(m, nn.Linear)]
    assert outputs == [512, 512, 512, 512, 1]


def test_initial_weights_as_published() -> None:
    """He's, of the encoder, the decoder's linear layer and the discriminator: √(2 / fan-in)."""
    vae, discriminator = Vae(3, 32, 32, 16), Discriminator(32)
    layers = [m for m in vae.encoder.modules() if isinstance(m, nn.Conv2d)]
    layers += [m for m in (vae.decoder[0], *discriminator.modules()) if isinstance(m, nn.Linear)]
    assert len(layers) == 4 + 1 + 5
    for layer in layers:
        weights = layer.weight.detach()
        deviation = (2 / weights[0].numel()) ** 0.5
        assert weights.std().item() == pytest.approx(deviation, rel=4 / weights.numel() ** 0.5)
        assert layer.bias is None or not layer.bias.any()


def test_the_defaults_are_the_published_ones() -> None:
    assert Vaal().parameters == VaalParameters(
        latent=32,
        width=128,
        batch_size=64,
        epochs=15,
        learning_rate=5e-4,
        beta=1.0,
        adversary_weight=1.0,
        vae_steps=1,
        adversary_steps=1,
        reduction="per-image",
    )
    for refused in ({"epochs": 0}, {"reduction": "mean"}, {"learning_rate": 0}, {"hidden": 2}):
        with pytest.raises(ValidationError):
            Vaal(**refused)


@pytest.mark.parametrize(
    ("side", "sides"),
    [
        (4, [4, 2]),
        (5, [5, 2]),
        (7, [7, 3]),
        (8, [8, 4, 2]),
        (28, [28, 14, 7, 3]),
        (32, [32, 16, 8, 4, 2]),
        (33, [33, 16, 8, 4, 2]),
        (64, [64, 32, 16, 8, 4, 2]),
        (96, [96, 48, 24, 12, 6, 3]),
        (224, [224, 112, 56, 28, 14, 7, 3]),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_any_side(side: int, sides: list[int], channels: int) -> None:
    """Halved to 2 or 3; reconstructions are as large as images; one image is enough for a step."""
    assert sides_of(side) == sides
    vae = Vae(channels, side, latent=5, width=2)
    images = torch.rand(1, channels, side, side)
    reconstruction, mean, log_variance = vae(images)
    assert reconstruction.shape == images.shape
    assert mean.shape == log_variance.shape == (1, 5)
    (reconstruction.sum() + log_variance.sum()).backward()
    assert all(parameter.grad.isfinite().all() for parameter in vae.parameters())


def test_channels_double_up_to_eight_times_the_width() -> None:
    convolutions = [m for m in Vae(3, 224, 4, 2).encoder.modules() if isinstance(m, nn.Conv2d)]
    assert [convolution.out_channels for convolution in convolutions] == [2, 4, 8, 16, 16, 16]


def test_images_may_be_too_small() -> None:
    with pytest.raises(HarnessError, match="3 × 3"):
        Vaal().scores(noise(5, 5, side=3))


@pytest.mark.parametrize(
    ("n_unlabeled", "n_labeled"), [(1, 1), (9, 1), (1, 9), (20, 3), (17, 17), (3, 2)]
)
@pytest.mark.parametrize("side", [7, 8])
def test_sets_of_any_size(n_unlabeled: int, n_labeled: int, side: int) -> None:
    """Smaller than a batch, one image alone, one image left over; all of the pool is wanted."""
    pool = noise(n_unlabeled, n_labeled, side)
    picks = Vaal(**SMALL).query(pool, n_unlabeled, np.random.default_rng(0))
    assert sorted(picks.tolist()) == list(range(n_unlabeled))


def test_batches_of_one() -> None:
    assert seeded_scores(noise(3, 2), width=2, epochs=1, batch_size=1).isfinite().all()


@pytest.mark.parametrize("side", [8, 12])
def test_scores_are_those_of_networks_in_evaluation_mode(
    side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Published trap 8. Row by row, -logit D(μ); scoring leaves the networks as they were."""
    kept, train = [], training.trained_networks

    def keeping(*arguments: Any) -> Any:
        networks = train(*arguments)
        kept.extend([*networks, *map(state, networks)])
        return networks

    monkeypatch.setattr(training, "trained_networks", keeping)
    pool = noise(300, 20, side)
    scores = seeded_scores(pool, **SMALL)
    vae, discriminator, *states = kept
    assert not changed(states[0], vae)
    assert not changed(states[1], discriminator)
    assert not any(module.training for module in (*vae.modules(), *discriminator.modules()))
    assert not scores.requires_grad
    for row in (0, 7, 255, 256, 299):
        alone = discriminator(vae.encode(pool.images(rows=torch.tensor([row])))[0])
        torch.testing.assert_close(scores[row], -alone[0], rtol=1e-4, atol=1e-6)


def test_the_same_seed_gives_the_same_answer() -> None:
    first, again, other = (seeded_scores(noise(30, 12), seed, **SMALL) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


def test_the_pool_is_as_it_was() -> None:
    pool, untouched = noise(30, 12), noise(30, 12)
    seeded_scores(pool, **SMALL)
    for subset, n in (("unlabeled", 30), ("labeled", 12)):
        rows = torch.arange(n)
        assert torch.equal(pool.images(subset, rows), untouched.images(subset, rows))


def test_ties_are_drawn_and_their_share_recorded() -> None:
    """Published trap 10: images that are alike."""
    images = torch.rand(24, 1, 8, 8)
    drawn = set()
    for seed in range(4):
        sampler = Vaal(**SMALL)
        pool = ImagesOnly(images[:1].expand(16, 1, 8, 8), images)
        picks = sampler.query(pool, 4, np.random.default_rng(seed))
        assert sampler.share_of_ties == 1.0
        drawn.add(tuple(picks.tolist()))
    assert len(drawn) == 4


def test_a_loss_that_is_not_finite_is_an_error() -> None:
    with pytest.raises(HarnessError, match="loss is nan in epoch") as caught:
        seeded_scores(noise(30, 12), width=4, epochs=3, batch_size=8, learning_rate=1e6)
    assert "learning_rate" in caught.value.remedy

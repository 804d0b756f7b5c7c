"""TA-VAAL. Independent sources: the ranker's cross entropy by a loop; the losses of the game by
their formulas in NumPy, float64; layers counted by hand. A planted shift is found."""

import copy
from itertools import islice

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.parts.adversarial.networks import Vae
from alharness_plugins.samplers.parts.loss_prediction.module import LossPredictor
from alharness_plugins.samplers.ta_vaal import PairRanking, TaVaal, TaVaalParameters
from alharness_plugins.samplers.ta_vaal.networks import RankedDiscriminator, RankedVae
from alharness_plugins.samplers.ta_vaal.ranking import pair_ranking
from alharness_plugins.samplers.ta_vaal.training import Game, reconstruction_loss
from sklearn.datasets import load_digits

from alharness import ExtensionBatch
from alharness.engine.images import HeldImages
from alharness.engine.network import Network
from alharness.engine.pool import Granted, ImagePool
from alharness.testing.images import SmallNetwork

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = {"width": 4, "epochs": 1, "batch_size": 8}


def pool_of(unlabeled, labeled):
    with torch.random.fork_rng():
        torch.manual_seed(5)
        network = Network(SmallNetwork(10, 1), torch.full((1,), 0.5), torch.full((1,), 0.25))
        ranker = LossPredictor((8, 16), 12)
    pixels = [HeldImages((images * 255).round().to(torch.uint8)) for images in (unlabeled, labeled)]
    labels = torch.zeros(len(labeled)).long()
    return ImagePool(*pixels, labels, 10, network, None, granted=Granted(extension=ranker))


def noise(n_unlabeled, n_labeled, seed=0):
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(n_unlabeled + n_labeled, 1, 8, 8, generator=generator)
    return pool_of(images[:n_unlabeled], images[n_unlabeled:])


def game_of(pool, **parameters):
    torch.manual_seed(0)
    return Game(pool, TaVaalParameters(**{**SMALL, **parameters}))


def sigmoid(logits):
    return 1 / (1 + np.exp(-np.asarray(logits, dtype=np.float64)))


@pytest.mark.parametrize("n", [2, 3, 8, 17])
def test_the_rankers_loss(n):
    rng = np.random.default_rng(n)
    predicted, losses = rng.normal(size=n), rng.integers(0, 3, size=n).astype(float)
    total = 0.0
    for i in range(n // 2):
        j = n - 1 - i
        p = sigmoid(predicted[i] - predicted[j])
        total -= np.log(p if losses[i] > losses[j] else 1 - p)
    found = pair_ranking(torch.tensor(predicted), torch.tensor(losses))
    assert float(found) == pytest.approx(total / (n // 2), rel=1e-12)


def test_a_batch_of_one_has_no_pair():
    assert pair_ranking(torch.ones(1, requires_grad=True), torch.ones(1)) == 0


def test_it_is_the_module_of_learning_loss_with_another_loss():
    extension = PairRanking(8, 2.0, 0.6)
    module = extension.build_on_levels((3, 5), 10)
    levels = tuple(torch.randn(6, width, requires_grad=True) for width in (3, 5))
    losses = torch.rand(6)
    batch = ExtensionBatch(levels[-1], torch.zeros(6, 10), losses, losses.long(), 0.1, levels)
    loss = extension.loss(module, batch)
    torch.testing.assert_close(loss, 2 * pair_ranking(module(levels), losses))
    loss.backward()
    assert levels[0].grad.any()
    assert TaVaal().needs.extension._weight == 1
    assert TaVaal().needs.images


def test_the_networks():
    """VAAL's autoencoder with one input of the decoder more; two hidden layers of 512."""
    plain, ranked = Vae(3, 32, 32, 16), RankedVae(3, 32, 32, 16)
    count = [sum(one.numel() for one in each.parameters()) for each in (plain, ranked)]
    assert count[1] - count[0] == ranked.decoder[0].out_features
    discriminator = RankedDiscriminator(32)
    shapes = [tuple(one.shape) for one in discriminator.parameters() if one.ndim == 2]
    assert shapes == [(512, 33), (512, 512), (1, 512)]
    means, ranks = torch.randn(4, 32), torch.randn(4)
    x = torch.cat([means, ranks[:, None]], dim=1)
    for layer in (discriminator.layers[0], discriminator.layers[2]):
        x = (x @ layer.weight.T + layer.bias).clamp(min=0)
    expected = x @ discriminator.layers[4].weight[0] + discriminator.layers[4].bias
    torch.testing.assert_close(discriminator(means, ranks), expected)


def test_the_vaes_loss():
    rng = np.random.default_rng(0)
    images, again = rng.random((5, 2, 3, 3)), rng.random((5, 2, 3, 3))
    mean, log_variance = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    divergence = -0.5 * np.mean(1 + log_variance - mean**2 - np.exp(log_variance))
    expected = np.mean((images - again) ** 2) + 0.7 * divergence
    found = reconstruction_loss(*map(torch.tensor, (images, again, mean, log_variance)), 0.7)
    assert float(found) == pytest.approx(expected, rel=1e-12)


def test_a_step_of_the_vae_by_its_formula():
    """The decoder is given sigmoid(r), the discriminator r; both sets are to pass for labeled."""
    game = game_of(noise(20, 16), adversary_weight=0.5, beta=0.3)
    batches = next(game._batches)
    vae, discriminator = copy.deepcopy(game.vae).train(), game.discriminator
    torch.manual_seed(7)
    expected = 0.0
    for images, ranks in batches:
        mean, log_variance = vae.encode(images)
        sample = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        given = torch.cat([sample, torch.tensor(sigmoid(ranks)).float()[:, None]], dim=1)
        expected += reconstruction_loss(images, vae.decoder(given), mean, log_variance, 0.3).item()
        logits = discriminator(mean, ranks).detach().numpy()
        expected += 0.5 * -np.log(sigmoid(logits)).mean()
    before = copy.deepcopy(discriminator.state_dict())
    torch.manual_seed(7)
    assert float(game.vae_step(*batches)) == pytest.approx(expected, rel=1e-5)
    assert all(torch.equal(before[k], v) for k, v in discriminator.state_dict().items())


def test_a_step_of_the_discriminator_by_its_formula():
    """Labeled is 1, unlabeled 0 (a published trap has one target for both)."""
    game = game_of(noise(20, 16))
    labeled, unlabeled = next(game._batches)
    vae = copy.deepcopy(game.vae).eval()
    before = copy.deepcopy(game.vae.state_dict())
    with torch.no_grad():
        scores = [
            sigmoid(game.discriminator(vae.encode(images)[0], ranks))
            for images, ranks in (labeled, unlabeled)
        ]
    expected = -np.log(scores[0]).mean() - np.log(1 - scores[1]).mean()
    assert float(game.discriminator_step(labeled, unlabeled)) == pytest.approx(expected, rel=1e-5)
    assert all(torch.equal(before[k], v) for k, v in game.vae.state_dict().items())


def test_ranks_are_drawn_in_the_first_step_and_the_rankers_later():
    pool = noise(20, 16)
    game = game_of(pool)
    first, *later = islice(game._batches, 4)
    with torch.no_grad():
        known = {s: pool.extension()(pool.levels(s)) for s in ("labeled", "unlabeled")}
    for images, ranks in first:
        assert ((ranks >= 0) & (ranks < 1)).all()
        assert len(ranks) == len(images)
    for pair in later:
        for subset, (images, ranks) in zip(("labeled", "unlabeled"), pair, strict=True):
            everything = pool.images(subset)
            for image, rank in zip(images, ranks, strict=True):
                (row,) = (everything == image).all(dim=(1, 2, 3)).nonzero()[0]
                assert rank == known[subset][row]


def test_the_smallest_d_is_wanted_and_every_image_scored_with_its_own_rank():
    pool = noise(21, 16)
    game = game_of(pool)
    with torch.no_grad():
        ranks = pool.extension()(pool.levels())
        means = copy.deepcopy(game.vae).eval().encode(pool.images())[0]
        expected = game.discriminator(means, ranks)
    torch.testing.assert_close(game.logits(), expected)
    sampler = TaVaal(**SMALL)
    torch.manual_seed(1)
    scores = sampler.scores(pool)
    torch.manual_seed(1)
    from alharness_plugins.samplers.ta_vaal.training import trained_game

    torch.testing.assert_close(scores, -trained_game(pool, sampler.parameters).logits())


def test_a_planted_shift_is_found():
    """Published trap 7. Handwritten digits, about half of the unlabeled ones on their side."""
    shares = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        digits = torch.tensor(rng.permutation(load_digits().images) / 16)[:, None].float()
        unlabeled = digits[96:296].clone()
        turned = rng.random(200) < 0.5
        unlabeled[turned] = unlabeled[turned].rot90(1, (2, 3))
        pool = pool_of(unlabeled, digits[:96])
        torch.manual_seed(seed)
        sampler = TaVaal(width=8, epochs=10, batch_size=32, beta=0.01)
        picks = sampler.query(pool, 20, np.random.default_rng(0))
        assert len(set(picks.tolist())) == 20
        shares.append(turned[picks].mean())
    assert np.mean(shares) > 0.8, shares

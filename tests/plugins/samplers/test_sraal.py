"""SRAAL. Independent sources: the uncertainty by its definition, a variance minimized over all rows
with the same largest probability; the losses of the game by their formulas in NumPy, float64."""

import copy

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.parts.adversarial.losses import per_image
from alharness_plugins.samplers.sraal import Sraal, SraalParameters
from alharness_plugins.samplers.sraal.training import Game, trained_game
from alharness_plugins.samplers.sraal.uncertainty import state_uncertainty
from scipy.optimize import minimize
from sklearn.datasets import load_digits

from alharness.engine.images import HeldImages
from alharness.engine.network import Network
from alharness.engine.pool import ImagePool

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = {"width": 4, "epochs": 1, "batch_size": 8}


class WithoutModel(ImagePool):
    """Knows no task model."""

    def model(self):
        raise AssertionError("SRAAL is trained apart from the task model")

    logits = probabilities = embeddings = previous_model = levels = model


def pool_of(unlabeled, labeled, labels):
    pixels = [HeldImages((images * 255).round().to(torch.uint8)) for images in (unlabeled, labeled)]
    nothing = Network(torch.nn.Identity(), torch.zeros(1), torch.ones(1))
    return WithoutModel(*pixels, labels, 10, nothing, None)


def noise(n_unlabeled, n_labeled, seed=0):
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(n_unlabeled + n_labeled, 1, 8, 8, generator=generator)
    labels = torch.randint(10, (n_labeled,), generator=generator)
    return pool_of(images[:n_unlabeled], images[n_unlabeled:], labels)


def game_of(pool, **parameters):
    torch.manual_seed(0)
    return Game(pool, SraalParameters(**{**SMALL, **parameters}))


def uncertainty(row):
    """With the least variance that a row has whose largest probability is the same: minimized."""
    n, m = len(row), row.max()
    start = np.full(n - 1, (1 - m) / (n - 1)) * np.linspace(0.5, 1.5, n - 1)
    found = minimize(
        lambda rest: np.var([m, *rest]) * n**2,
        start,
        bounds=[(0, m)] * (n - 1),
        constraints={"type": "eq", "fun": lambda rest: rest.sum() - (1 - m)},
        options={"ftol": 1e-14},
    )
    return 1 - m * (found.fun / n**2) / np.var(row)


@pytest.mark.parametrize("n_classes", [2, 4, 10])
def test_the_uncertainty(n_classes):
    rows = np.random.default_rng(n_classes).dirichlet(np.full(n_classes, 0.7), size=12)
    expected = [uncertainty(row) for row in rows]
    np.testing.assert_allclose(state_uncertainty(torch.tensor(rows)).numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n_classes", [2, 3, 10, 1000])
def test_its_ends(n_classes, dtype):
    """Certain of a class: 0. Of none, where both variances are 0: 1 - 1/C, and no NaN."""
    one_hot = torch.eye(n_classes, dtype=dtype)[:2]
    torch.testing.assert_close(state_uncertainty(one_hot), torch.zeros(2, dtype=dtype))
    uniform = torch.full((1, n_classes), 1 / n_classes, dtype=dtype)
    expected = torch.full((1,), 1 - 1 / n_classes, dtype=dtype)
    torch.testing.assert_close(state_uncertainty(uniform), expected)
    logits = torch.randn(500, n_classes, dtype=dtype, generator=torch.Generator().manual_seed(0))
    for scale in (1e-4, 1.0, 100.0):
        found = state_uncertainty((scale * logits).softmax(dim=1))
        assert ((found >= -1e-6) & (found <= 1)).all()


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits.detach().numpy().astype(np.float64)))


def test_a_step_of_the_vae_by_its_formula():
    pool = noise(20, 16)
    game = game_of(pool, beta=0.3, target_weight=2.0, adversary_weight=0.5)
    labeled, labels, unlabeled = pool.images("labeled")[:8], pool.labels()[:8], pool.images()[:8]
    vae, discriminator = copy.deepcopy(game.vae).train(), game.discriminator
    torch.manual_seed(7)
    outputs = [vae(images) for images in (labeled, unlabeled)]
    logits = game.classifier(outputs[0][1]).detach().numpy().astype(np.float64)
    truth = logits[np.arange(8), labels.numpy()]
    expected = 2.0 * (np.log(np.exp(logits).sum(axis=1)) - truth).mean()
    for images, output in zip((labeled, unlabeled), outputs, strict=True):
        expected += per_image(images, *output, 0.3).item()
        expected += 0.5 * -np.log(sigmoid(discriminator(output[1]))).mean()
    before = copy.deepcopy(discriminator.state_dict())
    starts = copy.deepcopy(game.classifier.state_dict())
    torch.manual_seed(7)
    found = game.vae_step(labeled, labels, unlabeled)
    assert float(found) == pytest.approx(expected, rel=1e-5)
    assert all(torch.equal(before[k], v) for k, v in discriminator.state_dict().items())
    assert not torch.equal(starts["weight"], game.classifier.weight)


def test_the_adversarial_loss_trains_the_vae():
    """In the third party's code it is cut off, and trains nothing."""
    pool = noise(20, 16)
    batch = pool.images("labeled")[:8], pool.labels()[:8], pool.images()[:8]
    ends = []
    for weight in (0.0, 50.0):
        game = game_of(pool, adversary_weight=weight)
        torch.manual_seed(1)
        game.vae_step(*batch)
        ends.append(game.vae.encoder[0][0].weight.detach().clone())
    assert not torch.equal(*ends)


def test_a_step_of_the_discriminator_by_its_formula():
    """Targets 1, and 1 - u; neither VAE nor classifier is moved."""
    pool = noise(20, 16)
    game = game_of(pool)
    labeled, unlabeled = pool.images("labeled")[:8], pool.images()[:8]
    vae = copy.deepcopy(game.vae).eval()
    with torch.no_grad():
        means = [vae.encode(images)[0] for images in (labeled, unlabeled)]
        rows = game.classifier(means[1]).softmax(dim=1).double().numpy()
        known, unknown = (sigmoid(game.discriminator(one)) for one in means)
    states = 1 - np.array([uncertainty(row) for row in rows])
    expected = -np.log(known).mean()
    expected -= (states * np.log(unknown) + (1 - states) * np.log(1 - unknown)).mean()
    before = copy.deepcopy((game.vae.state_dict(), game.classifier.state_dict()))
    assert float(game.discriminator_step(labeled, unlabeled)) == pytest.approx(expected, rel=1e-5)
    for old, network in zip(before, (game.vae, game.classifier), strict=True):
        assert all(torch.equal(old[k], v) for k, v in network.state_dict().items())


def test_the_smallest_d_is_wanted():
    pool = noise(21, 16)
    game = game_of(pool)
    with torch.no_grad():
        means = copy.deepcopy(game.vae).eval().encode(pool.images())[0]
        torch.testing.assert_close(game.logits(), game.discriminator(means))
    sampler = Sraal(**SMALL)
    torch.manual_seed(1)
    scores = sampler.scores(pool)
    torch.manual_seed(1)
    torch.testing.assert_close(scores, -trained_game(pool, sampler.parameters).logits())


def test_each_image_is_taught_its_own_label():
    """A batch's labels are those of its rows: the classifier learns digits."""
    rng = np.random.default_rng(0)
    data = load_digits()
    order = rng.permutation(len(data.images))[:300]
    digits = torch.tensor(data.images[order] / 16)[:, None].float()
    labels = torch.tensor(data.target[order])
    pool = pool_of(digits[200:], digits[:200], labels[:200])
    torch.manual_seed(0)
    game = trained_game(
        pool, SraalParameters(width=8, epochs=20, batch_size=32, target_weight=100.0)
    )
    with torch.no_grad():
        told = game.classifier(game.vae.eval().encode(pool.images())[0]).argmax(dim=1)
    assert (told == labels[200:]).float().mean() > 0.6


def test_a_planted_shift_is_found():
    """Handwritten digits, about half of the unlabeled ones on their side."""
    shares = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        data = load_digits()
        order = rng.permutation(len(data.images))[:296]
        digits = torch.tensor(data.images[order] / 16)[:, None].float()
        unlabeled = digits[96:].clone()
        turned = rng.random(200) < 0.5
        unlabeled[turned] = unlabeled[turned].rot90(1, (2, 3))
        pool = pool_of(unlabeled, digits[:96], torch.tensor(data.target[order[:96]]))
        torch.manual_seed(seed)
        sampler = Sraal(width=8, epochs=10, batch_size=32)
        picks = sampler.query(pool, 20, np.random.default_rng(0))
        assert len(set(picks.tolist())) == 20
        shares.append(turned[picks].mean())
    assert np.mean(shares) > 0.75, shares

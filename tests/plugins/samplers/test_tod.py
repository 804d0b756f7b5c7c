"""TOD. Independent source: half the squared distance of two softmaxes, row by row, in float64."""

import numpy as np
import torch
from alharness_plugins.samplers.tod import Tod

from alharness.engine.features import HeldFeatures
from alharness.engine.network import Network
from alharness.engine.pool import ImagePool
from alharness.testing.pools import Pools


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_the_discrepancy():
    pool = Pools().ordinary(n_unlabeled=1203)
    images = pool.images()
    with torch.no_grad():
        now, before = (
            softmax(model(images).double().numpy())
            for model in (pool.model(), pool.previous_model())
        )
    expected = [
        0.5 * sum((a - b) ** 2 for a, b in zip(*rows, strict=True))
        for rows in zip(now, before, strict=True)
    ]
    np.testing.assert_allclose(Tod().scores(pool).numpy(), expected, atol=1e-6)
    assert max(expected) > 0.05


def test_whose_prediction_changed_is_wanted_and_whose_did_not_is_not():
    """Upside down, or against another cycle's model, it would be the other ones."""
    rows = torch.randn(60, 5, generator=torch.Generator().manual_seed(0))

    def linear(weights):
        network = Network(_Linear(weights), torch.zeros(5), torch.ones(5))
        return network.eval()

    weights = torch.randn(3, 5, generator=torch.Generator().manual_seed(1))
    moved = weights.clone()
    moved[:, 0] += torch.tensor([4.0, -4.0, 0.0])
    rows[10:, 0] = 0
    pool = ImagePool(
        HeldFeatures(rows), HeldFeatures(rows[:4]), torch.zeros(4).long(), 3, linear(weights),
        linear(moved),
    )  # fmt: skip
    scores = Tod().scores(pool)
    torch.testing.assert_close(scores[10:], torch.zeros(50))
    assert (scores[:10] > 0).all()
    picks = Tod().query(pool, 10, np.random.default_rng(0))
    assert sorted(picks.tolist()) == list(range(10))


class _Linear(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.num_features = weights.shape[1]
        self.head = torch.nn.Linear(weights.shape[1], len(weights))
        self.head.load_state_dict({"weight": weights, "bias": torch.zeros(len(weights))})

    def forward_features(self, x):
        return x

    def forward_head(self, x, pre_logits=False):
        return x if pre_logits else self.head(x)

    def forward(self, x):
        return self.head(x)


def test_the_first_query_picks_at_random():
    pool = Pools().first_cycle()
    sampler = Tod()
    picks = [sampler.query(pool, 20, np.random.default_rng(seed)).tolist() for seed in range(2)]
    assert sampler.share_of_ties == 1
    assert len(set(picks[0])) == 20
    assert len(set(picks[0]) & set(picks[1])) < 10


def test_previous_probabilities_are_the_previous_models():
    pool = Pools().ordinary(n_unlabeled=603)
    with torch.no_grad():
        expected = pool.previous_model()(pool.images()).softmax(dim=1)
    torch.testing.assert_close(pool.previous_probabilities(), expected)
    labeled = pool.previous_probabilities("labeled")
    assert labeled.shape == (pool.n_labeled, pool.n_classes)
    assert Pools().first_cycle().previous_probabilities() is None

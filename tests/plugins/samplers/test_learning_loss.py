"""LLAL. Independent source: the pair loss of Yoo and Kweon (2019), equation 2, by a loop."""

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.learning_loss import LearningLoss, MarginRanking
from alharness_plugins.samplers.learning_loss.ranking import margin_ranking
from alharness_plugins.samplers.parts.loss_prediction.module import (
    LossPredictor,
    mirrored_differences,
)
from scipy.stats import spearmanr

from alharness import ExtensionBatch
from alharness.testing.pools import Pools

PUBLISHED = (128, 1.0, 0.6, 1.0)


def by_a_loop(predicted, losses, margin):
    """Images i and n - 1 - i are a pair; equal losses count as the second one being higher."""
    n, total = len(losses), 0.0
    for i in range(n // 2):
        j = n - 1 - i
        sign = 1 if losses[i] > losses[j] else -1
        total += max(0.0, margin - sign * (predicted[i] - predicted[j]))
    return total / (n // 2)


@pytest.mark.parametrize("n", [2, 3, 8, 17, 128])
@pytest.mark.parametrize("margin", [0.3, 1.0])
def test_the_ranking_loss(n, margin):
    rng = np.random.default_rng(n)
    predicted, losses = rng.normal(size=n), rng.integers(0, 3, size=n).astype(float)
    found = margin_ranking(torch.tensor(predicted), torch.tensor(losses), margin)
    assert float(found) == pytest.approx(by_a_loop(predicted, losses, margin), rel=1e-12)


def test_a_batch_of_one_has_no_pair_and_a_loss_of_zero():
    predicted = torch.ones(1, requires_grad=True)
    loss = margin_ranking(predicted, torch.ones(1), 1.0)
    loss.backward()
    assert loss == 0
    assert predicted.grad == 0
    assert len(mirrored_differences(torch.ones(1))) == 0


def batch_of(levels, losses, progress):
    n = len(losses)
    return ExtensionBatch(
        levels[-1], torch.zeros(n, 3), losses, torch.zeros(n).long(), progress, tuple(levels)
    )


def test_the_module_is_the_published_one_for_resnet_18():
    """128 (64 + 128 + 256 + 512) weights, 4 times 128 biases, 512 weights and a bias."""
    module = MarginRanking(*PUBLISHED).build_on_levels((64, 128, 256, 512), 10)
    assert sum(one.numel() for one in module.parameters()) == 128 * 960 + 4 * 128 + 512 + 1
    levels = [torch.randn(5, width) for width in (64, 128, 256, 512)]
    hidden = [
        (level @ branch[0].weight.T + branch[0].bias).clamp(min=0)
        for level, branch in zip(levels, module.branches, strict=True)
    ]
    expected = torch.cat(hidden, dim=1) @ module.joined.weight[0] + module.joined.bias
    torch.testing.assert_close(module(levels), expected)


@pytest.mark.parametrize(("progress", "moves"), [(0.0, True), (0.59, True), (0.6, False)])
def test_it_moves_the_task_model_until_it_is_detached(progress, moves):
    extension = MarginRanking(8, 2.0, 0.6, 1.0)
    module = extension.build_on_levels((3, 5), 10)
    levels = [torch.randn(6, width, requires_grad=True) for width in (3, 5)]
    losses = torch.rand(6)
    loss = extension.loss(module, batch_of(levels, losses, progress))
    torch.testing.assert_close(loss, 2 * margin_ranking(module(levels), losses, 1.0))
    loss.backward()
    assert all((level.grad is not None) == moves for level in levels)
    assert module.joined.weight.grad is not None


def test_the_order_of_losses_is_learned():
    torch.manual_seed(0)
    levels = [torch.randn(256, width) for width in (4, 6)]
    losses = (levels[0][:, 0] + levels[1][:, 1]).exp()
    extension = MarginRanking(16, 1.0, 0.6, 1.0)
    module = extension.build_on_levels((4, 6), 10)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    for _ in range(150):
        order = torch.randperm(256)
        batch = batch_of([level[order] for level in levels], losses[order], 0.7)
        optimizer.zero_grad()
        extension.loss(module, batch).backward()
        optimizer.step()
    predicted = module(levels).detach()
    assert spearmanr(predicted, losses).statistic > 0.95


def test_the_highest_prediction_is_wanted_most():
    """Of the whole pool, by the module that was trained along; the lowest would be upside down."""
    sampler = LearningLoss()
    pool = Pools(extension=sampler.needs.extension).ordinary()
    scores = sampler.scores(pool)
    module: LossPredictor = pool.extension()
    torch.testing.assert_close(scores, module(pool.levels()).detach())
    picks = sampler.query(pool, 10, np.random.default_rng(0))
    assert set(picks.tolist()) == set(scores.argsort()[-10:].tolist())

"""Built-in losses, against PyTorch's own cross entropy and NumPy."""

import numpy as np
import pytest
import torch
from alharness_plugins.losses.class_weighted_cross_entropy import (
    ClassWeightedCrossEntropy,
    inverse_frequencies,
)
from alharness_plugins.losses.cross_entropy import CrossEntropy
from sklearn.utils.class_weight import compute_class_weight
from torch.nn.functional import cross_entropy

CLASSES = 5
LABELED = torch.tensor([0] * 20 + [1] * 9 + [2] * 4 + [3] * 2 + [4])


def drawn(n, seed):
    """Logits, labels and soft targets."""
    generator = torch.Generator().manual_seed(seed)
    logits = 4 * torch.randn(n, CLASSES, generator=generator)
    labels = torch.randint(CLASSES, (n,), generator=generator)
    soft = torch.rand(n, CLASSES, generator=generator).softmax(dim=1)
    return logits, labels, soft


def with_gradient(loss, logits, targets):
    variable = logits.clone().requires_grad_()
    value = loss(variable, targets)
    value.backward()
    return value.detach(), variable.grad


def weighted():
    loss = ClassWeightedCrossEntropy()
    loss.before_training(LABELED, CLASSES)
    return loss


@pytest.mark.parametrize("n", [*range(1, 34), 64, 100, 200])
def test_cross_entropy_is_pytorchs_bit_for_bit(n):
    """Results of 0.1 were computed with it."""
    logits, labels, soft = drawn(n, seed=n)
    for targets in (labels, soft):
        ours = with_gradient(CrossEntropy().mean, logits, targets)
        assert all(map(torch.equal, ours, with_gradient(cross_entropy, logits, targets)))


@pytest.mark.parametrize("n", [*range(1, 34), 64, 100, 200])
def test_class_weighted_cross_entropy_is_pytorchs_bit_for_bit(n):
    logits, labels, _ = drawn(n, seed=n)
    weights = inverse_frequencies(LABELED, CLASSES)
    theirs = with_gradient(lambda *pair: cross_entropy(*pair, weights), logits, labels)
    assert all(map(torch.equal, with_gradient(weighted().mean, logits, labels), theirs))


def log_softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("seed", range(5))
def test_soft_targets_by_their_formulas(seed):
    logits, _, soft = drawn(17, seed)
    log_p, t = log_softmax(logits.double().numpy()), soft.double().numpy()
    losses = -(t * log_p).sum(axis=1)
    np.testing.assert_allclose(CrossEntropy().per_image(logits, soft), losses, rtol=1e-5)
    np.testing.assert_allclose(CrossEntropy().mean(logits, soft), losses.mean(), rtol=1e-5)
    w = compute_class_weight("balanced", classes=np.arange(CLASSES), y=LABELED.numpy())
    losses = -(w * t * log_p).sum(axis=1)
    np.testing.assert_allclose(weighted().per_image(logits, soft), losses, rtol=1e-5)
    mean = losses.sum() / (w * t).sum()
    np.testing.assert_allclose(weighted().mean(logits, soft), mean, rtol=1e-5)


def test_the_mean_of_soft_targets_is_that_of_as_many_labels():
    """An image of half one class and half another is two images of half a weight."""
    logits = torch.tensor([[1.0, -1.0, 0.5, 2.0, 0.0]])
    soft = torch.tensor([[0.0, 0.5, 0.0, 0.0, 0.5]])
    twice = weighted().mean(logits.repeat(2, 1), torch.tensor([1, 4]))
    torch.testing.assert_close(weighted().mean(logits, soft), twice)

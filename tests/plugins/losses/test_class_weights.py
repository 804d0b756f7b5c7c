"""Class-weighted cross entropy, against scikit-learn's balanced weights and by hand."""

import numpy as np
import torch
from alharness_plugins.losses.class_weighted_cross_entropy import (
    ClassWeightedCrossEntropy,
    inverse_frequencies,
)
from alharness_plugins.losses.cross_entropy import CrossEntropy
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from alharness.engine.images import HeldImages
from alharness.engine.training import Examples
from alharness.testing.training import tiny_training

COUNTS = [50, 8, 2]


def labels():
    return torch.from_numpy(np.random.default_rng(0).permutation(np.repeat([0, 1, 2], COUNTS)))


def test_weights_equal_scikit_learns():
    reference = compute_class_weight("balanced", classes=np.arange(3), y=labels().numpy())
    np.testing.assert_allclose(inverse_frequencies(labels(), 3), reference, rtol=1e-6)


def test_a_class_without_images_weighs_nothing():
    assert inverse_frequencies(torch.tensor([0, 0, 2]), 3).tolist() == [0.5, 0.0, 1.0]


class Priors(nn.Module):
    """Knows no image: one logit per class."""

    def __init__(self):
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(3))

    def forward(self, images):
        return self.logits.expand(len(images), 3)


def fitted(loss):
    examples = Examples(HeldImages(torch.zeros(60, 1, 2, 2, dtype=torch.uint8)), labels())
    network = Priors()
    values = {"learning-rate": 0.5, "batch-size": 60, "optimizer": "sgd"}
    tiny_training(network, examples, 3, values, loss=loss).fit(200)
    return network.logits.detach().softmax(dim=0)


def test_what_a_model_of_priors_learns():
    """Unweighted it learns the class frequencies, weighted that all classes count the same."""
    np.testing.assert_allclose(fitted(CrossEntropy()), np.array(COUNTS) / 60, atol=0.01)
    np.testing.assert_allclose(fitted(ClassWeightedCrossEntropy()), [1 / 3] * 3, atol=0.01)
